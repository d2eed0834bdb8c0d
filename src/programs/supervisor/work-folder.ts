import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIG_DIR, PROVIDERS_DIR, WORK_DIR } from '../../contract';
import { InvocationError } from './failure';
import type { Places } from './invocation';
import { removeTree } from './remove-tree';

/** What the folders of invocations begin with, beside whatever else is in a shared /tmp. */
const PREFIX = 'oscar-invocation-';

/**
 * Where things are in a container. Files are worked on in the pod's own volume, or else in the image's folder for
 * temporary files.
 * @throws InvocationError (`configuration`): neither can be written to.
 */
export function defaultPlaces(): Places {
  return { config: CONFIG_DIR, providers: PROVIDERS_DIR, work: findWork([WORK_DIR, tmpdir()]) };
}

/** @param candidates the last one is made, if it is missing */
export function findWork(candidates: readonly string[]): string {
  const found = candidates.find(isWritable) ?? made(candidates[candidates.length - 1]);
  if (found !== undefined) return found;
  const [volume, temporary] = candidates;
  const fix = `mount a volume (emptyDir) at ${volume}, or set TMPDIR to a folder that this user may write to`;
  throw new InvocationError('configuration', `neither ${volume} nor ${temporary} can be written to. Fix: ${fix}`);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}

function made(folder: string): string | undefined {
  try {
    mkdirSync(folder, { recursive: true });
    return isWritable(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** The folders of one run of the script. */
export interface RunFolders {
  readonly input: string;
  readonly output: string;
}

/** The folder of one invocation; nobody else may look into it. */
export class WorkFolder {
  readonly path: string;

  constructor(work: string) {
    this.path = mkdtempSync(join(work, PREFIX));
  }

  get transcript(): string {
    return join(this.path, 'transcript');
  }

  /** A body that was fetched, until it is read. */
  get body(): string {
    return join(this.path, 'body');
  }

  /** What is left in the storage at the end. A name that no script knows: it would stand there first. */
  get record(): string {
    return join(this.path, `record-${randomBytes(8).toString('hex')}`);
  }

  /** Each run has folders of its own: what an earlier one left behind can't write into them. */
  run(number: number): RunFolders {
    const folders = { input: join(this.path, `${number}-input`), output: join(this.path, `${number}-output`) };
    for (const folder of Object.values(folders)) mkdirSync(folder);
    return folders;
  }
}

/**
 * Removes what invocations left that were killed. For a start only: it takes those at work as well.
 * @throws the first error, once all else is gone
 */
export async function removeLeftovers(work: string): Promise<void> {
  const errors: unknown[] = [];
  for (const name of readdirSync(work).filter((entry) => entry.startsWith(PREFIX))) {
    await removeTree(join(work, name)).catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
}
