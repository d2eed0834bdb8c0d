export { compareWithFolder } from './check';
export type { FileDifference } from './check';
export { synthesize, synthesizeAll } from './synthesize';
export type { Synthesis, SynthesisOptions, Synthesizable } from './synthesize';
export { MANIFEST_FILE } from './manifest';
export type { Manifest, ManifestEntry } from './manifest';
export type { ObjectReference } from './objects';
