import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECRETS_DIR } from '../../contract';

export type SecretFile =
  'admin/username' | 'admin/password' | 'webhook/token' | 'metrics/token' | 'minio/accessKey' | 'minio/secretKey';

/** The kubelet takes a minute to bring a changed Secret, so a second more is nothing. */
const FRESH_MS = 1000;

/** Secrets that are mounted as files. They may change while the program runs. */
export class MountedSecrets {
  private readonly known = new Map<SecretFile, { readonly value: string | undefined; readonly until: number }>();

  constructor(
    private readonly folder: string = SECRETS_DIR,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Without the line's end that an editor adds. Undefined: there is none, or it is empty. */
  get(file: SecretFile): string | undefined {
    const now = this.now();
    const known = this.known.get(file);
    if (known && now < known.until) return known.value;
    const value = this.read(file);
    this.known.set(file, { value, until: now + FRESH_MS });
    return value;
  }

  private read(file: SecretFile): string | undefined {
    try {
      return readFileSync(join(this.folder, file), 'utf8').replace(/[\r\n]+$/, '') || undefined;
    } catch {
      // Not mounted, or gone for a moment. Whether it is there, `kubectl describe` of the pod tells.
      return undefined;
    }
  }
}
