/** Environment variables of a service's container that are ours: a user can't set them. */

/** Set in the manifests. */
export const SERVICE_VARIABLES = {
  name: 'OSCAR_SERVICE_NAME',
  token: 'OSCAR_SERVICE_TOKEN',
  /** Where an exposed service is reached from outside; empty on others. */
  basePath: 'OSCAR_SERVICE_BASE_PATH',
} as const;

/** Set by the manager in a Job's pod. */
export const JOB_VARIABLES = {
  /** The body itself, when a variable holds it. */
  event: 'EVENT',
  /** Where the body is otherwise: `<provider>/<bucket>/<key>`, e.g. `minio.default/oscar-bodies/cowsay/cowsay-0123…`. */
  eventObject: 'EVENT_OBJECT',
  /** The body's content type, where its sender named one. */
  eventContentType: 'EVENT_CONTENT_TYPE',
  /** What the supervisor leaves once the upload is done with: `<provider>/<bucket>/<key>`. Jobs of uploads alone have it. */
  completionRecord: 'COMPLETION_RECORD',
  /** The Job's name. */
  jobUuid: 'JOB_UUID',
  /** Name of the node that runs it. */
  resourceId: 'RESOURCE_ID',
} as const;

/** Set by the supervisor for the script. */
export const SCRIPT_VARIABLES = [
  'INPUT_FILE_PATH',
  'TMP_INPUT_DIR',
  'TMP_OUTPUT_DIR',
  'STORAGE_OBJECT_KEY',
  'EVENT_TIME',
  'EVENT',
] as const;

/** Longest `NAME=value` that Linux gives to a process, in bytes: MAX_ARG_STRLEN counts the NUL at its end as well. */
export const ENVIRONMENT_VARIABLE_MAX_BYTES = 128 * 1024 - 1;
