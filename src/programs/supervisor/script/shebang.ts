import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { InvocationError } from '../failure';

/** What runs a script: `command ...args script`. */
export interface Interpreter {
  readonly command: string;
  readonly args: readonly string[];
  /** Why it isn't quite what the script's first line asks for. */
  readonly warning?: string;
}

const SHELL = '/bin/sh';
/** Linux reads 256 bytes. */
const FIRST_LINE_BYTES = 4096;

/**
 * The interpreter in a script's first line, if the image has it, else `/bin/sh`. As the kernel reads it: a path, and
 * all that follows it as one argument. `env NAME` and `env -S NAME ARGUMENTS` are looked up here, since images without
 * an `env`, or with one that has no `-S`, may well have the program.
 * @throws InvocationError (`configuration`): there is no script, or nothing to run it by.
 */
export function findInterpreter(script: string, env: NodeJS.ProcessEnv = process.env): Interpreter {
  const line = firstLine(script);
  const wanted = line.startsWith('#!') ? trimmed(line.slice(2)) : '';
  if (wanted === '') return shell(script);
  const found = wantedInterpreter(wanted, env);
  if (!found) return shell(script, `the script's first line asks for "${wanted}", which this image hasn't`);
  if (!line.endsWith('\r')) return found;
  return { ...found, warning: "the script's lines end as on Windows (CRLF): save it with LF if it fails" };
}

function shell(script: string, problem?: string): Interpreter {
  if (isExecutable(SHELL))
    return { command: SHELL, args: [], ...(problem && { warning: `${problem}: ${SHELL} runs it` }) };
  const why = problem ?? `it has no line "#!<interpreter>"`;
  const fix = 'begin the script with an interpreter that the image has, or use an image with a shell';
  throw new InvocationError('configuration', `${script} can't be run: ${why}, and there is no ${SHELL}. Fix: ${fix}`);
}

function wantedInterpreter(wanted: string, env: NodeJS.ProcessEnv): Interpreter | undefined {
  const [, path, rest] = /^([^ \t]+)(.*)$/s.exec(wanted) as RegExpExecArray;
  const argument = trimmed(rest);
  const isEnv = /^\/(usr\/)?bin\/env$/.test(path);
  // Without a name it would run the script itself, and that it, for ever.
  if (isEnv && /^(-S|--split-string=)?$/.test(argument)) return undefined;
  const named = isEnv ? namedByEnv(argument) : undefined;
  if (named) {
    const command = onPath(named[0], env);
    return command === undefined ? undefined : { command, args: named.slice(1) };
  }
  const command = resolve(path);
  if (!isExecutable(command)) return undefined;
  return { command, args: argument === '' ? [] : [argument] };
}

/** Program and arguments that `env` is asked for; nothing where it is asked for more than we understand. */
function namedByEnv(argument: string): string[] | undefined {
  const split = /^(-S|--split-string=)(.*)$/s.exec(argument);
  const words = split ? trimmed(split[2]).split(/[ \t]+/) : [argument];
  const plain = words.every((word) => /^[^'"\\$#]+$/.test(word));
  return plain && !/^-|=/.test(words[0]) ? words : undefined;
}

function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = name.includes('/') ? [''] : (env.PATH ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter);
  return folders.map((folder) => resolve(join(folder, name))).find(isExecutable);
}

const trimmed = (text: string) => text.replace(/^[ \t]+|[ \t\r]+$/g, '');

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** With the `\r` at its end, if there is one. Bytes are taken as they are: a path needs no UTF-8, nor may it have a NUL. */
function firstLine(script: string): string {
  const bytes = Buffer.alloc(FIRST_LINE_BYTES);
  let file: number | undefined;
  try {
    file = openSync(script, 'r');
    const line = bytes.toString('utf8', 0, readSync(file, bytes)).split('\n', 1)[0];
    return line.includes('\0') ? '' : line;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'it is not there' : (error as Error).message;
    const fix = "the service's ConfigMap has to hold the script under this key";
    throw new InvocationError('configuration', `${script}, the service's script, can't be read: ${why}. Fix: ${fix}`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
