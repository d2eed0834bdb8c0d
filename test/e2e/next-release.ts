import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

const PACKAGE = join(__dirname, '../..');

/** The package as it might be released next: its supervisor is another one. @param use is given its command */
export async function withNextRelease<T>(use: (cli: string) => Promise<T>): Promise<T> {
  const next = mkdtempSync(join(tmpdir(), 'oscar-e2e-release-'));
  try {
    cpSync(join(PACKAGE, 'lib'), join(next, 'lib'), { recursive: true });
    copyFileSync(join(PACKAGE, 'package.json'), join(next, 'package.json'));
    const bundle = join(next, 'lib/programs/supervisor.cjs.gz');
    writeFileSync(bundle, gzipSync(Buffer.concat([gunzipSync(readFileSync(bundle)), Buffer.from('\n// next')])));
    return await use(join(next, 'lib/src/cli/main.js'));
  } finally {
    rmSync(next, { recursive: true });
  }
}
