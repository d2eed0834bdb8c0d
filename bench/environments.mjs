// Environments to measure with: services of three shapes, as they come.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const SHAPES = ['request', 'upload', 'scaled'];

/** Name and shape of service number `i`. */
export const serviceAt = (i) => ({ name: `svc-${String(i).padStart(5, '0')}`, shape: SHAPES[i % SHAPES.length] });

/** What differs from one service to the next; the rest is its shape. */
export const valuesAt = (i) => ({
  ...serviceAt(i),
  image: `registry.example.org/team-${i % 7}/image-${i}:1.${i % 10}`,
  cpu: ['250m', '500m', '750m'][i % 3],
  memory: ['256Mi', '512Mi', '2Gi'][i % 3],
});

const SCRIPT = (shape) => `#!/bin/sh
# Takes the file that came, and leaves its result where the supervisor looks for it.
set -eu
name=$(basename "$INPUT_FILE_PATH")
echo "${shape}: processing $name" >&2
if [ -n "\${LOUD:-}" ]; then
  tr a-z A-Z <"$INPUT_FILE_PATH" >"$TMP_OUTPUT_DIR/$name.txt"
else
  cp "$INPUT_FILE_PATH" "$TMP_OUTPUT_DIR/$name.txt"
fi
`;

function service(i) {
  const { name, shape, image, cpu, memory } = valuesAt(i);
  const lines = [
    `  - name: ${name}`,
    `    image: ${image}`,
    `    script: scripts/${shape}.sh`,
    `    cpu: "${cpu}"`,
    `    memory: ${memory}`,
    '    environment:',
    '      variables:',
    '        LOUD: "yes"',
  ];
  if (shape === 'upload') {
    lines.push('    input:', `      - path: ${name}/in`, '        suffix: [.png, .jpg]');
    lines.push('    output:', `      - path: ${name}/out`);
  }
  if (shape === 'scaled') lines.push('    synchronous: { min_scale: 1, max_scale: 10 }');
  return lines.join('\n');
}

/** Writes `count` environments of `services` services each. Returns their names. */
export function writeEnvironments(folder, count, services) {
  mkdirSync(join(folder, 'scripts'), { recursive: true });
  for (const shape of SHAPES) writeFileSync(join(folder, 'scripts', `${shape}.sh`), SCRIPT(shape));
  const numbers = Array.from({ length: services }, (_, i) => i);
  const buckets = numbers.map(serviceAt).filter(({ shape }) => shape === 'upload');
  const text = [
    'buckets:',
    ...buckets.map(({ name }) => `  ${name}: {}`),
    'services:',
    ...numbers.map(service),
    '',
  ].join('\n');
  const names = Array.from({ length: count }, (_, i) => `env-${String(i).padStart(3, '0')}`);
  for (const name of names) {
    const head = `apiVersion: oscar-cdk8s/v1\nkind: Environment\nname: ${name}\nversion: 1.0.0\n`;
    writeFileSync(join(folder, `${name}.yaml`), head + text);
  }
  return names;
}
