// What the benchmark of the supervisor needs beside Node: MinIO and its client by Go, upstream's supervisor by Python.
// Made once, in a cache folder.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'oscar-cdk8s-test');
const FAAS_SUPERVISOR = '1.5.2';
const PYTHON_PACKAGES = [
  `faas-supervisor==${FAAS_SUPERVISOR}`,
  'webdavclient3==3.14.7', // it imports this without naming it
  'setuptools==65.5.0', // and `distutils`, which Python 3.12 hasn't
  'pyinstaller==6.22.3',
];
const GO_PROGRAMS = {
  minio: 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c',
  mc: 'github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9',
};

const run = (program, args, options = {}) =>
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'], maxBuffer: 2 ** 28, ...options });

/** Path of `minio` or `mc`. */
export function goProgram(name) {
  const program = join(CACHE, 'bin', name);
  if (!existsSync(program)) {
    console.error(`building ${name} (minutes, once)`);
    const env = { ...process.env, GOBIN: join(CACHE, 'bin'), CGO_ENABLED: '0', GOFLAGS: '-trimpath' };
    run('go', ['install', '-ldflags', '-s -w', GO_PROGRAMS[name]], { env });
  }
  return program;
}

/** Upstream's supervisor: the Python that has it, its main module, and the one file that PyInstaller makes of both. */
export function upstream() {
  const folder = join(CACHE, `faas-supervisor-${FAAS_SUPERVISOR}`);
  if (!existsSync(join(folder, 'supervisor'))) {
    console.error("installing upstream's supervisor (a minute, once)");
    installUpstream(folder);
  }
  const python = join(folder, 'venv/bin/python3');
  return { python, module: moduleOf(python), oneFile: join(folder, 'supervisor') };
}

const moduleOf = (python) =>
  execFileSync(python, ['-c', "import importlib.util as u; print(u.find_spec('faassupervisor.supervisor').origin)"], {
    encoding: 'utf8',
  }).trim();

function installUpstream(folder) {
  mkdirSync(folder, { recursive: true });
  try {
    const venv = join(folder, 'venv');
    run('python3', ['-m', 'venv', venv]);
    run(join(venv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...PYTHON_PACKAGES]);
    const build = join(folder, 'build');
    run(join(venv, 'bin/pyinstaller'), [
      ...['--onefile', '--name', 'supervisor', '--log-level', 'ERROR'],
      ...['--distpath', join(build, 'dist'), '--workpath', build, '--specpath', build],
      moduleOf(join(venv, 'bin/python3')),
    ]);
    renameSync(join(build, 'dist/supervisor'), join(folder, 'supervisor'));
    rmSync(build, { recursive: true });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
