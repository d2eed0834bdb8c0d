// The same objects by `helm template`: a chart with a template for each shape of service, and a values file with N of
// them. Templates come from manifests of ours with what differs put in as values, so that both sides always render the
// same; the platform's own objects stand in the chart as they are. Both make helm faster than a hand-written chart.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SHAPES, serviceAt, valuesAt } from './environments.mjs';

const VERSION = 'v3.22.0';

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

/** Writes the chart into `folder`, from an environment's manifests with `services` services. */
export function writeChart(folder, manifests, services) {
  mkdirSync(join(folder, 'templates'), { recursive: true });
  mkdirSync(join(folder, 'files'));
  writeFileSync(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: bench\nversion: 1.0.0\n');
  for (const file of readdirSync(manifests).filter((name) => /^\d.*\.yaml$/.test(name))) {
    writeFileSync(join(folder, 'templates', file), literal(readFileSync(join(manifests, file), 'utf8')));
  }
  SHAPES.forEach((shape, i) => {
    if (i >= services) return;
    const manifest = readFileSync(join(manifests, `service-${serviceAt(i).name}.yaml`), 'utf8');
    writeFileSync(join(folder, 'templates', `service-${shape}.yaml`), template(manifest, i));
  });
  const values = Array.from({ length: services }, (_, i) => valuesAt(i));
  const lines = values.map(
    (value) =>
      `  - ${Object.entries(value)
        .map(([k, v]) => `${k}: "${v}"`)
        .join('\n    ')}`,
  );
  writeFileSync(join(folder, 'values.yaml'), `services:\n${lines.join('\n')}\n`);
}

/** Text that helm's template language leaves as it is. */
const literal = (text) => text.replaceAll('{{', '{{ "{{" }}');

/** Manifests of service number `i`, as a template for all services of its shape. */
function template(manifest, i) {
  const { name, shape, ...values } = valuesAt(i);
  let body = literal(manifest).replaceAll(name, '{{ .name }}');
  for (const [key, value] of Object.entries(values)) body = body.replaceAll(value, `{{ .${key} }}`);
  return `{{- range .Values.services }}\n{{- if eq .shape "${shape}" }}\n---\n${body}{{- end }}\n{{- end }}\n`;
}
