import { splitPath, StorageOutput, takes } from '../../../contract';
import type { Definition } from '../definition';
import { during, throwIfCancelled } from '../failure';
import type { EventObject } from '../input/input';
import { providerOf } from '../input/provider';
import type { OutputFile } from '../invocation';
import { amount, clock, Stage, transferOf } from './stage';

const UPLOADS_AT_ONCE = 4;

interface Upload {
  readonly file: OutputFile;
  readonly provider: string;
  readonly path: string;
}

/**
 * Stores the files in each of the definition's outputs that takes them.
 * @param object what the event was about: with `isolation_level: user` its bucket tells whose results they are
 * @returns the bytes that were stored
 * @throws InvocationError that names file, provider and path. The first failure ends the other uploads.
 */
export async function stageOut(files: readonly OutputFile[], stage: Stage, object?: EventObject): Promise<number> {
  const { definition, log } = stage;
  const uploads = uploadsOf(files, definition, object);
  const stored = new Set(uploads.map(({ file }) => file));
  if (definition.output.length > 0 && stored.size < files.length) {
    log.warning(`${files.length - stored.size} of ${files.length} files match no output: they are not stored`);
  }
  return transfer(uploads, stage);
}

/** One upload for each file and output that match; a place that two outputs name is written once. */
export function uploadsOf(files: readonly OutputFile[], definition: Definition, object?: EventObject): Upload[] {
  const uploads = new Map<string, Upload>();
  for (const output of definition.output) {
    const { storage_provider: provider } = output;
    const folder = destination(output, definition, object);
    for (const file of files.filter(({ name }) => takes(output, name))) {
      const path = folder === '' ? file.name : `${folder}/${file.name}`;
      uploads.set(`${provider}\n${path}`, { file, provider, path });
    }
  }
  return [...uploads.values()];
}

/**
 * With `isolation_level: user`, each user has a bucket `<bucket of the input>-<user>`: what came from there goes back
 * there, in the output's folder.
 */
function destination(output: StorageOutput, definition: Definition, object?: EventObject): string {
  if (definition.isolationLevel !== 'user' || !object) return output.path;
  if (object.type !== 'minio' && object.type !== 's3') return output.path;
  const { provider, path } = providerOf(object, definition);
  const { bucket } = splitPath(path);
  const shared = definition.input
    .filter((input) => input.storage_provider === provider)
    .map((input) => splitPath(input.path).bucket);
  // `photos-raw` may be an input beside `photos`, and no user's.
  const isUsers =
    !shared.includes(bucket) && shared.some((one) => bucket.startsWith(`${one}-`) && bucket !== `${one}-`);
  if (!isUsers || output.storage_provider !== provider) return output.path;
  return [bucket, splitPath(output.path).folder].filter(Boolean).join('/');
}

/** A few at a time, in order. */
async function transfer(uploads: readonly Upload[], stage: Stage): Promise<number> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stage.signal, stop.signal]);
  const waiting = uploads[Symbol.iterator]();
  let bytes = 0;
  let failure: unknown;
  const work = async () => {
    for (const upload of waiting) {
      if (signal.aborted) return;
      const stored = await store(upload, { ...stage, signal });
      bytes += stored;
    }
  };
  const workers = Array.from({ length: UPLOADS_AT_ONCE }, () =>
    work().catch((error: unknown) => {
      failure ??= error;
      stop.abort();
    }),
  );
  await Promise.all(workers);
  throwIfCancelled(stage.signal);
  if (failure) throw failure;
  return bytes;
}

async function store({ file, provider, path }: Upload, stage: Stage): Promise<number> {
  const elapsed = clock();
  try {
    const storage = await stage.providers.storage(provider);
    const bytes = await storage.upload(file.path, path, transferOf(stage));
    stage.log.info(`stored "${file.name}" in ${provider} as "${path}": ${amount(bytes, elapsed())}`);
    return bytes;
  } catch (error) {
    throw during(`"${file.name}" can't be stored in ${provider}`, error);
  }
}
