import { writeFile } from 'node:fs/promises';
import { JOB_VARIABLES } from '../../../contract';
import { misplaced, placeIn } from '../input/place';
import { quoted } from '../storage/words';
import { clock, Stage, transferOf } from './stage';

/** A store that is away keeps nobody's pod for longer: the results are there. */
const LONGEST_MS = 15_000;

/**
 * Leaves an object that says that the Job's upload needs no other Job. Never fails: where it can't be left, the sweep learns
 * from the Job that it succeeded, as long as that is there.
 * @param at `<provider>/<bucket>/<key>`
 * @param file a new file of the invocation's folder
 */
export async function leaveRecord(at: string, file: string, stage: Stage): Promise<void> {
  const { providers, log } = stage;
  const place = placeIn(at);
  if (!place) return log.warning(misplaced(JOB_VARIABLES.completionRecord, at));
  const elapsed = clock();
  try {
    await writeFile(file, 'done\n', { flag: 'wx' });
    const storage = await providers.storage(place.provider);
    const signal = AbortSignal.any([stage.signal, AbortSignal.timeout(LONGEST_MS)]);
    await storage.upload(file, place.path, transferOf({ ...stage, signal }));
    log.info(`left the record of its completion: ${elapsed().toFixed(3)} s`);
  } catch (error) {
    const reason = stage.signal.aborted ? 'the pod ends' : (error as Error).message;
    log.warning(`the record of its completion can't be left as ${quoted(at)}: ${reason}`);
  }
}
