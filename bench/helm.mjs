// The same objects by `helm template`: the chart beside this file renders services from the same list of them that the
// environment has. The platform's own objects stand in it as we write them, which is less work than rendering them.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serviceAt } from './environments.mjs';

const VERSION = 'v3.22.0';
const CHART = fileURLToPath(new URL('chart', import.meta.url));

/** Path of helm; built by Go into the user's cache when it is not there. */
export function helm() {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'oscar-cdk8s-bench', `helm-${VERSION}`);
  const binary = join(folder, 'helm');
  if (!existsSync(binary)) {
    const env = { ...process.env, GOBIN: folder };
    execFileSync('go', ['install', `helm.sh/helm/v3/cmd/helm@${VERSION}`], { env, stdio: 'inherit' });
  }
  return binary;
}

/**
 * Writes the chart into `folder`, for one environment.
 * @param source folder of the environment's file and its scripts
 * @param manifests folder of what we made of it
 */
export function writeChart(folder, source, environment, manifests) {
  cpSync(CHART, folder, { recursive: true });
  cpSync(join(source, 'scripts'), join(folder, 'scripts'), { recursive: true });
  for (const file of readdirSync(manifests).filter((name) => /^\d.*\.yaml$/.test(name))) {
    writeFileSync(join(folder, 'templates', file), literal(readFileSync(join(manifests, file), 'utf8')));
  }
  const claim = /claimName: (\S+)/.exec(readFileSync(join(manifests, `service-${serviceAt(0).name}.yaml`), 'utf8'))[1];
  const services = readFileSync(join(source, `${environment}.yaml`), 'utf8').replace(/^[^]*\nservices:/, 'services:');
  const values = `environment: ${environment}\nsupervisorClaim: ${claim}\n${services}`;
  writeFileSync(join(folder, 'environment.yaml'), values);
}

/** Text that helm's template language leaves as it is. */
const literal = (text) => text.replaceAll('{{', '{{ "{{" }}');
