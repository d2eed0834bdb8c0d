import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const PACKAGE = join(__dirname, '../..');

/** The package as it might be released next: each of its programs is another one. @param use is given its command */
export async function withNextRelease<T>(use: (cli: string) => Promise<T>): Promise<T> {
  const next = mkdtempSync(join(tmpdir(), 'oscar-e2e-release-'));
  try {
    cpSync(join(PACKAGE, 'lib'), join(next, 'lib'), { recursive: true });
    copyFileSync(join(PACKAGE, 'package.json'), join(next, 'package.json'));
    // As npm puts beside it what it depends on.
    symlinkSync(join(PACKAGE, 'node_modules'), join(next, 'node_modules'));
    const programs = join(next, 'lib/programs');
    for (const name of readdirSync(programs)) {
      const program = gunzipSync(readFileSync(join(programs, name)));
      writeFileSync(join(programs, name), gzipSync(Buffer.concat([program, Buffer.from('\n// next')])));
    }
    return await use(join(next, 'lib/src/cli/main.js'));
  } finally {
    rmSync(next, { recursive: true });
  }
}
