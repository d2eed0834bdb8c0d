import type { Terminal } from './terminal';

/** What is over within it needs no word. */
const SILENT_MS = 1_000;
const REFRESH_MS = 100;

/** Shows `what: DONE of OF` while something takes longer than a second, and takes it away at the end. */
export function progressOf(terminal: Terminal): (what: string, done: number, of: number) => void {
  let next = performance.now() + SILENT_MS;
  return (what, done, of) => {
    if (performance.now() < next) return;
    next = performance.now() + REFRESH_MS;
    terminal.progress(done < of ? `${what}: ${done} of ${of}` : '');
  };
}
