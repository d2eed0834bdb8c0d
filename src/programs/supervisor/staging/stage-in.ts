import { join } from 'node:path';
import { during } from '../failure';
import type { EventObject } from '../input/input';
import { providerOf } from '../input/provider';
import { amount, clock, Stage } from './stage';

/** The downloaded file. */
export interface StagedIn {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Downloads an event's object into the input folder, under its own name.
 * @throws InvocationError (`storage`, `configuration`, `cancelled`) that names provider and path.
 */
export async function stageIn(object: EventObject, folder: string, stage: Stage): Promise<StagedIn> {
  const { definition, providers, log, signal } = stage;
  const { provider, path } = providerOf(object, definition);
  const file = join(folder, object.name);
  const elapsed = clock();
  try {
    const storage = await providers.storage(provider);
    const bytes = await storage.download(path, file, { signal, warn: (message) => log.warning(message) });
    log.info(`fetched "${path}" from ${provider}: ${amount(bytes, elapsed())}`);
    return { path: file, bytes };
  } catch (error) {
    throw during(`the input can't be fetched from ${provider}`, error);
  }
}
