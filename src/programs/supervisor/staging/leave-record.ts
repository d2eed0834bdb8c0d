import { writeFile } from 'node:fs/promises';
import type { ObjectPlace } from '../input/provider';
import { clock, Stage } from './stage';

/** A store that is away keeps nobody's pod for longer: the results are there. */
const LONGEST_MS = 15_000;

/**
 * Leaves an object that says that the Job's upload needs no other Job. Never fails: where it can't be left, the sweep learns
 * from the Job that it succeeded, as long as that is there.
 * @param file a new file of the invocation's folder
 */
export async function leaveRecord({ provider, path }: ObjectPlace, file: string, stage: Stage): Promise<void> {
  const { providers, log } = stage;
  const elapsed = clock();
  try {
    await writeFile(file, 'done\n', { flag: 'wx' });
    const storage = await providers.storage(provider);
    const signal = AbortSignal.any([stage.signal, AbortSignal.timeout(LONGEST_MS)]);
    await storage.upload(file, path, { signal, warn: (message) => log.warning(message) });
    log.info(`left the record of its completion: ${elapsed().toFixed(3)} s`);
  } catch (error) {
    const reason = stage.signal.aborted ? 'the pod ends' : (error as Error).message;
    log.warning(`the record of its completion can't be left in ${provider} as "${path}": ${reason}`);
  }
}
