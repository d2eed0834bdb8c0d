import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';

/** Path of a program in Go (`module/folder@version`), which is built once a machine and version. Needs Go. */
export function goProgram(packageAtVersion) {
  const [path, version] = packageAtVersion.split('@');
  const name = basename(path);
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'oscar-cdk8s', `${name}-${version}`);
  const program = join(folder, name);
  if (existsSync(program)) return program;
  const { status } = spawnSync('go', ['install', packageAtVersion], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, GOBIN: folder, GOFLAGS: '-trimpath', CGO_ENABLED: '0' },
  });
  if (status !== 0) throw new Error(`go install ${packageAtVersion} failed`);
  return program;
}
