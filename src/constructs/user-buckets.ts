import { check, fixedName, isBucketName } from './checks';
import type { ServiceRegistry } from './service-registry';
import { bucketOf, FileFilter, StoragePath } from './storage';

type Binding = StoragePath & FileFilter;

/**
 * With `isolation_level: user`, each allowed user has a bucket of their own beside that of each input,
 * `<bucket>-<user>`. What arrives there in the input's folder runs the service, and the results go back there, in the output's folder
 * (upstream's rule).
 */
export class UserBuckets {
  private readonly buckets = new Set<string>();
  private readonly outputs: { readonly binding: Binding; readonly index: number }[] = [];

  /** @param users none where the service doesn't tell users apart */
  constructor(
    private readonly service: string,
    private readonly users: readonly string[],
    private readonly services: ServiceRegistry,
  ) {}

  /**
   * @throws DeclarationError when a user's name makes no name of a bucket, or that of the platform's own or another user's
   * bucket, or the service would trigger itself there
   */
  addInput(input: Binding, index: number): void {
    if (!input.provider.isPlatformStore) return;
    const { bucket: shared, folder } = bucketOf(input);
    this.users.forEach((user, at) => {
      if (this.users.indexOf(user) < at) return;
      const bucket = this.bucketOfUser(shared, user, at);
      this.services.addInput(this.service, { ...input, path: pathIn(bucket, folder) }, index);
      if (this.buckets.has(bucket)) return;
      this.buckets.add(bucket);
      for (const output of this.outputs) this.writeTo(bucket, output.binding, output.index);
    });
  }

  /** @throws DeclarationError as `addInput` does */
  addOutput(output: Binding, index: number): void {
    if (!output.provider.isPlatformStore) return;
    this.outputs.push({ binding: output, index });
    for (const bucket of this.buckets) this.writeTo(bucket, output, index);
  }

  private bucketOfUser(shared: string, user: string, at: number): string {
    const bucket = `${shared}-${user}`;
    const subject = { service: this.service, field: ['allowed_users', at] };
    check(isBucketName(bucket), subject, {
      problem: `the bucket of this user, beside "${shared}", would have a name that S3 refuses: "${bucket}"`,
      value: user,
      allowed:
        'lower-case letters, digits, "-" and ".", ending in a letter or digit; at most 63 with the bucket\'s name and a "-"',
      fix: fixedName(user, Math.max(MAX_LENGTH - shared.length - 1, 0)),
    });
    const kept = this.services.ownUse(bucket);
    check(kept === undefined, subject, {
      problem: `the bucket of this user, beside "${shared}", would be "${bucket}", which the platform keeps for itself: ${kept}`,
      value: user,
      allowed: 'any other name',
      fix: `rename the bucket "${shared}", or the user`,
    });
    const owner = this.services.declareUserBucket(bucket, shared, user);
    check(owner === user, subject, {
      problem: `the bucket of this user, beside "${shared}", would be "${bucket}", which is that of the user "${owner}"`,
      value: user,
      allowed: 'names that make another bucket for each user',
      fix: `rename the bucket "${shared}", or one of the users`,
    });
    return bucket;
  }

  private writeTo(bucket: string, output: Binding, index: number): void {
    this.services.addOutput(this.service, { ...output, path: pathIn(bucket, bucketOf(output).folder) }, index);
  }
}

/** Of a bucket's name. */
const MAX_LENGTH = 63;

const pathIn = (bucket: string, folder: string) => (folder === '' ? bucket : `${bucket}/${folder}`);
