import { API_VERSION } from '../migrations';

/** What stands before the tables of the reference. */
export const INTRODUCTION = `# Environments

<!-- Made from the schema by \`npm run build\`: edit src/environment/schema instead. -->

An environment is one YAML file, \`environments/<name>.yaml\`, and what it names: a base, FDL files, scripts.
Relative paths are relative to the file in which they are written. For help while typing, begin the file with

\`\`\`yaml
# yaml-language-server: $schema=../schema/environment.schema.json
apiVersion: ${API_VERSION}
kind: Environment
name: dev
version: 1.0.0
\`\`\`

Scalars are read as they are written: \`cpu: 1.0\` is the text \`1.0\`, \`VERSION: 1.10\` stays \`1.10\`. \`null\` (or nothing
behind the colon) is «not set».

## Laying one file over another

\`extends\` names a base, which may have a base of its own. The file is laid over its base:

1. Maps merge, key by key.
2. \`null\` removes a key of the base.
3. Everything else, lists too, replaces what the base has.
4. \`services\` are the one exception: a service merges into the one of the same name, new ones are added behind, and
   \`{ name: NAME, remove: true }\` leaves a service of the base out.

A part of another \`kind\` (of \`minio\`, \`supervisor\`, a route) does not take the old kind's fields: set those to \`null\`.

## FDL files

\`- fdl: PATH\` takes a file in OSCAR's Functions Definition Language as it stands: each of its functions is a service.
Fields beside \`fdl\` are laid over each function, those under \`services.<name>\` over one of them, by the rules above:

\`\`\`yaml
services:
  - fdl: video/video-process.yaml
    log_level: DEBUG
    services:
      darknet:
        memory: 4Gi
        environment:
          secrets:
            API_KEY: { secretName: darknet-api, key: token }
\`\`\`

- Buckets that an FDL file names in a path are made, as OSCAR makes them. Services written in the environment can only
  use buckets under \`buckets\`, so that a typo makes no bucket.
- The public half of \`storage_providers\` is read from the file; \`storageProviders.<type>.<id>\` of the environment is laid
  over it, and names the Secret.
- Fields that do nothing here, and fields that nobody knows, are warnings (errors with \`--strict\`). In an environment
  itself, a field that nobody knows is an error.

## Secrets

No secret is ever written down. \`environment.secrets\` and \`storageProviders\` name Secrets that exist in the services'
namespace; a value there, or in an FDL file, is refused. Where the environment lays a reference over a value in an FDL
file, the value is ignored with a warning.
`;
