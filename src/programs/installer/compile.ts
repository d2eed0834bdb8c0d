import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { SUPERVISOR_DIR, SUPERVISOR_FILES } from '../../contract';

/** Contents of the supervisor volume's files of these names. */
export type CompiledProgram = Record<'start' | 'bundle' | 'compiled', string | Buffer>;

/**
 * Reads the bundle and V8's code for it, which takes 1 ms where compiling takes 15. V8 compares its version, its flags and the
 * source's length, and compiles where one of them is another; that the code is whole it takes on trust, as the system
 * does with Node's own.
 */
const START = `'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const filename = __dirname + '/${SUPERVISOR_FILES.bundle}';
const cachedData = readFileSync(__dirname + '/${SUPERVISOR_FILES.compiled}');
const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData });
script.runInThisContext()(exports, require, module, filename, __dirname);
`;

/** Compiles a CommonJS bundle, all of it: V8 would leave each function until it is first called. */
export function compile(source: string): CompiledProgram {
  const bundle = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  return { start: START, bundle, compiled: compileAll(bundle).createCachedData() };
}

function compileAll(bundle: string): Script {
  setFlagsFromString('--no-lazy');
  try {
    return new Script(bundle, { filename: `${SUPERVISOR_DIR}/${SUPERVISOR_FILES.bundle}` });
  } finally {
    setFlagsFromString('--lazy'); // V8 notes its flags with the code, and takes it with the same ones only
  }
}
