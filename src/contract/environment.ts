/** Environment variables of a service's container that are ours: a user can't set them. */

/** Set in the manifests. */
export const SERVICE_VARIABLES = {
  name: 'OSCAR_SERVICE_NAME',
  token: 'OSCAR_SERVICE_TOKEN',
  /** Where an exposed service is reached from outside; empty on others. */
  basePath: 'OSCAR_SERVICE_BASE_PATH',
} as const;

/** Set by the manager in a Job's pod, and by the supervisor for the script. */
export const SCRIPT_VARIABLES = [
  'INPUT_FILE_PATH',
  'TMP_INPUT_DIR',
  'TMP_OUTPUT_DIR',
  'STORAGE_OBJECT_KEY',
  'EVENT_TIME',
  'EVENT',
  'JOB_UUID',
  'RESOURCE_ID',
] as const;
