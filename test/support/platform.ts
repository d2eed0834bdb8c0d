import { join } from 'node:path';
import { App, Chart, ChartProps } from 'cdk8s';
import type { Construct } from 'constructs';
import { DeclarationError, Finding } from '../../src/constructs/errors';
import { Programs } from '../../src/constructs/programs';

/* eslint-disable @typescript-eslint/no-explicit-any -- manifests are looked into freely */
export type Manifest = any;

/** Bundles that are no programs: tests need no build, and goldens don't change with a program or with Node's zlib. */
export const PROGRAMS = new Programs(join(__dirname, '../fixtures/programs'));

/** Manifests of what `build` puts into a chart. */
export function manifests(build: (chart: Chart) => Construct | void, props: ChartProps = {}): Manifest[] {
  const chart = new Chart(new App(), 'test', props);
  build(chart);
  return chart.toJson();
}

/** The one object of this kind (and name). */
export function only(objects: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  if (found.length !== 1) throw new Error(`${found.length} objects of kind ${kind} ${name ?? ''}`);
  return found[0];
}

export const kinds = (objects: readonly Manifest[]): string[] => objects.map(({ kind }) => kind);

/** The finding with which `work` refuses. */
export function refusal(work: () => unknown): Finding {
  try {
    work();
  } catch (error) {
    if (error instanceof DeclarationError) return error.finding;
    throw error;
  }
  throw new Error('nothing was refused');
}
