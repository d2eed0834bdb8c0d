import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

/** Tab, in real shells, after what the command itself gave them to read. */
const CLI = resolve('lib/src/cli/main.js');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'completion-'));
  mkdirSync(join(folder, 'environments'));
  for (const name of ['dev', 'production']) writeFileSync(join(folder, 'environments', `${name}.yaml`), '');
  const command = join(folder, 'oscar-cdk8s');
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
  chmodSync(command, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const inShell = (shell: string, script: string, ...args: string[]) =>
  execFileSync(shell, ['-c', script, ...args], {
    cwd: folder,
    env: { ...process.env, HOME: folder, PATH: `${folder}${delimiter}${process.env.PATH}` },
    encoding: 'utf8',
  });

/** What bash offers for the last of `words`, as its own `complete` asks for it. */
function bash(...words: string[]): string[] {
  const script = `
    source /usr/share/bash-completion/bash_completion
    source <(oscar-cdk8s completion bash)
    compopt() { :; } # there is no line that is typed
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=\${#COMP_LINE} COMP_TYPE=9
    $(complete -p oscar-cdk8s | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  return offered(inShell('bash', script, 'bash', 'oscar-cdk8s', ...words));
}

const fish = (...words: string[]) =>
  offered(
    inShell('fish', 'oscar-cdk8s completion fish | source; complete -C "$argv"', `oscar-cdk8s ${words.join(' ')}`),
  );

/** Without descriptions. */
const offered = (text: string) =>
  text
    .split('\n')
    .map((line) => line.split(/\t| {2,}/)[0].trim())
    .filter(Boolean)
    .sort();

describe.each([
  ['bash', bash],
  ['fish', fish],
])('%s', (_, complete) => {
  test('completes commands', () => expect(complete('syn')).toEqual(['synth']));
  test('completes options', () => expect(complete('synth', '--st')).toEqual(['--strict']));
  test('completes environments by their files', () => {
    expect(complete('synth', '')).toEqual(['dev', 'production']);
    expect(complete('synth', 'dev', 'pr')).toEqual(['production']);
  });
});
