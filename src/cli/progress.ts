import type { Terminal } from './terminal';

/** What is over within it needs no word. */
const SILENT_MS = 1_000;
const REFRESH_MS = 100;

/** Shows `what: DONE of OF` when something has taken a second. Whoever does it takes the last one away: `progress('')`. */
export function progressOf(terminal: Terminal): (what: string, done: number, of: number) => void {
  let next = performance.now() + SILENT_MS;
  return (what, done, of) => {
    if (performance.now() < next) return;
    next = performance.now() + REFRESH_MS;
    terminal.progress(`${what}: ${done} of ${of}`);
  };
}
