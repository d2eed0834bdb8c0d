import { Volume, VolumeMount } from 'cdk8s-plus-27/lib/imports/k8s';
import { SECRETS_DIR, StoreCredentials } from '../contract';

/** A volume, and where a program's container has it. */
export interface Mounted {
  readonly volume: Volume;
  readonly mountPath: string;
}

/** Keys of a Secret as files, under the names that the program knows. */
export function secretFiles(role: string, secretName: string, files: Record<string, string>): Mounted {
  const items = Object.entries(files).map(([key, path]) => ({ key, path }));
  const secret = { secretName, items, defaultMode: 0o440 };
  return { volume: { name: role, secret }, mountPath: `${SECRETS_DIR}/${role}` };
}

/** The login of the store. */
export const storeFiles = ({ secretName, keys: { accessKey, secretKey } }: StoreCredentials): Mounted =>
  secretFiles('minio', secretName, { [accessKey]: 'accessKey', [secretKey]: 'secretKey' });

/** Nobody's program writes there. */
export const mounts = (volumes: readonly Mounted[]): VolumeMount[] =>
  volumes.map(({ volume, mountPath }) => ({ name: volume.name, mountPath, readOnly: true }));
