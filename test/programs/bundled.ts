import { buildSync } from 'esbuild';

/** A program in one file, as the package ships it. @param entry its main module */
export function bundled(entry: string): string {
  const options = { bundle: true, platform: 'node', target: 'node20', write: false } as const;
  return buildSync({ entryPoints: [entry], ...options }).outputFiles[0].text;
}
