// Writes what is made from the environment's schema: the JSON Schema for editors, and the reference in docs.
// Runs after tsc. With `--check` nothing is written; files that are not up to date end it with code 1.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { environmentJsonSchema, environmentReference } = createRequire(import.meta.url)(
  '../lib/src/environment/schema/generate.js',
);
const files = {
  '../schema/environment.schema.json': environmentJsonSchema,
  '../docs/ENVIRONMENT.md': environmentReference,
};
const isCheck = process.argv.includes('--check');

for (const [file, generate] of Object.entries(files)) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const text = generate();
  if (!isCheck) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${path} is not up to date: npm run build`);
    process.exitCode = 1;
  }
}
