import { join } from 'node:path';
import { during } from '../failure';
import type { EventObject } from '../input/input';
import { ObjectPlace, providerOf } from '../input/provider';
import { amount, clock, Stage, transferOf } from './stage';

/** The downloaded file. */
export interface StagedIn {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Downloads an event's object into the input folder, under its own name.
 * @throws InvocationError as `fetchObject` does, and when the service's inputs don't tell where the object is
 */
export async function stageIn(object: EventObject, folder: string, stage: Stage): Promise<StagedIn> {
  const file = join(folder, object.name);
  return { path: file, bytes: await fetchObject('the input', providerOf(object, stage.definition), file, stage) };
}

/**
 * Downloads an object to a new file.
 * @param what it is, for the error
 * @returns its bytes
 * @throws InvocationError (`storage`, `configuration`, `cancelled`) that names provider and path.
 */
export async function fetchObject(
  what: string,
  { provider, path }: ObjectPlace,
  file: string,
  stage: Stage,
): Promise<number> {
  const elapsed = clock();
  try {
    const storage = await stage.providers.storage(provider);
    const bytes = await storage.download(path, file, transferOf(stage));
    stage.log.info(`fetched "${path}" from ${provider}: ${amount(bytes, elapsed())}`);
    return bytes;
  } catch (error) {
    throw during(`${what} can't be fetched from ${provider}`, error);
  }
}
