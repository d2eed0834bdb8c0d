/** Where things are inside containers. Upstream's places stay, so that upstream's services run unchanged. */

/** Supervisor volume, read-only (upstream: `VolumePath`). */
export const SUPERVISOR_DIR = '/oscar/bin';
/** Works as a command that reads the event on stdin, as upstream's binary does. */
export const SUPERVISOR_COMMAND = `${SUPERVISOR_DIR}/supervisor`;
/** Files of the supervisor volume: Node with its own loader and libraries, our bundle, and what starts that. */
export const SUPERVISOR_FILES = {
  loader: 'ld.so',
  libraries: 'lib',
  node: 'node',
  start: 'supervisor.cjs',
  bundle: 'supervisor.js',
  /** V8's code of the bundle. */
  compiled: 'supervisor.compiled',
} as const;

/** The service's ConfigMap (upstream: `ConfigPath`). */
export const CONFIG_DIR = '/oscar/config';
export const SCRIPT_KEY = 'script.sh';
export const DEFINITION_KEY = 'function_config.yaml';

/**
 * Where the supervisor puts files while they are processed: an empty volume of the pod, so that images whose root is
 * read-only, whose user isn't root or that have no /tmp can be run.
 */
export const WORK_DIR = '/oscar/work';

/** Storage credentials: one folder `<provider>.<id>`, one file a key. */
export const PROVIDERS_DIR = '/var/run/secrets/providers';

/** Where a program's pod finds its bundle and its settings. */
export const PROGRAM_DIR = '/oscar/program';
export const SETTINGS_DIR = '/oscar/settings';
export const SETTINGS_KEY = 'settings.json';
/** The same, gzipped, where the text is more than a ConfigMap holds. */
export const SETTINGS_GZIP_KEY = `${SETTINGS_KEY}.gz`;
/**
 * Secrets of the platform's own programs: one folder a Secret, by its role: `admin` (`username`, `password`), `webhook`
 * and `metrics` (`token`), and `minio` (`accessKey`, `secretKey`, whatever the Secret itself calls them).
 */
export const SECRETS_DIR = '/var/run/secrets/oscar';
/** Environment variables that tell the provisioner which Job it is. */
export const JOB_NAMESPACE_ENV = 'JOB_NAMESPACE';
export const JOB_NAME_ENV = 'JOB_NAME';
/** Environment variable that tells the sweep where the manager is: `http://host:port`. */
export const MANAGER_ENDPOINT_ENV = 'MANAGER_ENDPOINT';
/** Where the provisioner finds MinIO's client, `mc`. */
export const TOOLS_DIR = '/oscar/tools';

/**
 * The command that runs the supervisor in any image: its own loader is named, so that neither the image's libc nor
 * `LD_LIBRARY_PATH` matters, and the user's script sees its own world.
 */
export function supervisorCommand(...args: string[]): string[] {
  const { loader, libraries, node, start } = SUPERVISOR_FILES;
  const at = (file: string) => `${SUPERVISOR_DIR}/${file}`;
  return [at(loader), '--library-path', at(libraries), at(node), at(start), ...args];
}
