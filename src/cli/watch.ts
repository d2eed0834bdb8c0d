import { once } from 'node:events';
import { watch } from 'chokidar';
import type { Terminal } from './terminal';

/** Editors write a file in several steps, and a checkout many files at once. */
const QUIET_MS = 100;

/**
 * Does `work` now, and again after each change in `folder` or of one of the files that it says it read, until the user ends it
 * or `ended` is aborted. What `work` throws is shown, and the next change tried.
 */
export async function watchFiles(
  folder: string,
  terminal: Terminal,
  work: () => readonly string[],
  ended: AbortSignal = interrupted(),
): Promise<void> {
  const watcher = watch(folder, { ignoreInitial: true, ignored: /(^|[\\/])(node_modules|\.git)([\\/]|$)/ });
  let pending: NodeJS.Timeout | undefined;
  const run = () => {
    try {
      watcher.add([...work()]);
    } catch (error) {
      terminal.err(error instanceof Error ? error.message : String(error));
    }
    terminal.err('waiting for changes; end with Ctrl-C');
  };
  watcher.on('all', () => {
    clearTimeout(pending);
    pending = setTimeout(run, QUIET_MS);
  });
  await once(watcher, 'ready');
  run();
  if (!ended.aborted) await once(ended, 'abort');
  clearTimeout(pending);
  await watcher.close();
}

/** Aborted by Ctrl-C, or by who ends the process. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}
