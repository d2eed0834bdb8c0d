import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder that is there during each test of a file, empty at its beginning. */
export function temporaryFolder(): {
  path: string;
  write(name: string, content: string | Buffer, mode?: number): string;
} {
  const folder = {
    path: '',
    write(name: string, content: string | Buffer, mode = 0o644): string {
      const file = join(folder.path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content, { mode });
      return file;
    },
  };
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'oscar-supervisor-'));
  });
  afterEach(() => rmSync(folder.path, { recursive: true, force: true }));
  return folder;
}
