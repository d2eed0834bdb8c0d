import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Construct } from 'constructs';
import { KubeConfigMap } from 'cdk8s-plus-27/lib/imports/k8s';
import { contentHash, PROGRAM_DIR, Program } from '../contract';
import { DeclarationError } from './errors';
import { metadata } from './metadata';

/** One of our programs, as it is delivered: a gzipped bundle that Node runs. */
export interface ProgramBundle {
  readonly program: Program;
  readonly gzip: Uint8Array;
  /** Of the gzipped bytes: an immutable ConfigMap is named by what it holds. */
  readonly hash: string;
}

/** The built bundles. */
export class Programs {
  private readonly bundles = new Map<Program, ProgramBundle>();

  /** @param directory holds `<program>.cjs.gz`. @default those of this package, made by `npm run build` */
  constructor(private readonly directory: string = packagedBundles()) {}

  of(program: Program): ProgramBundle {
    const known = this.bundles.get(program);
    if (known) return known;
    const gzip = this.read(program);
    const bundle = { program, gzip, hash: contentHash([gzip]) };
    this.bundles.set(program, bundle);
    return bundle;
  }

  private read(program: Program): Buffer {
    const file = join(this.directory, `${program}.cjs.gz`);
    try {
      return readFileSync(file);
    } catch {
      throw new DeclarationError({
        problem: `the ${program}'s bundle is not built`,
        value: file,
        fix: 'npm run build',
      });
    }
  }
}

/** `lib/programs` of the package, from `lib/src/constructs` as well as from `src/constructs`. */
function packagedBundles(): string {
  const up = __dirname.includes(join('lib', 'src')) ? '../../..' : '../..';
  return join(__dirname, up, 'lib', 'programs');
}

/** The immutable ConfigMap that carries a bundle into a namespace, kept where Jobs refer to it. Returns its name. */
export function programConfigMap(
  scope: Construct,
  bundle: ProgramBundle,
  props: { namespace: string; platform: string; labels: Record<string, string>; keep?: boolean },
): string {
  const name = `${props.platform}-${bundle.program}-${bundle.hash}`;
  new KubeConfigMap(scope, `${bundle.program}-bundle`, {
    metadata: metadata({ name, namespace: props.namespace, labels: props.labels, keep: props.keep }),
    immutable: true,
    binaryData: { [`${bundle.program}.cjs.gz`]: Buffer.from(bundle.gzip).toString('base64') },
  });
  return name;
}

/**
 * Command that runs a bundle mounted at `PROGRAM_DIR`: Node unpacks it in memory, so the root can be read-only.
 * Arguments may follow it, and the program finds them where a program started from a file does.
 */
export function programCommand(program: Program): string[] {
  const file = `${PROGRAM_DIR}/${program}.cjs`;
  const load =
    `process.argv.splice(1,0,${JSON.stringify(file)});const m=new module.constructor(${JSON.stringify(file)});m.filename=${JSON.stringify(file)};` +
    `m._compile(require('zlib').gunzipSync(require('fs').readFileSync(${JSON.stringify(`${file}.gz`)})).toString(),m.filename)`;
  return ['node', '-e', load];
}
