// What the benchmark needs of the suite's kit, in one module (it is bundled, as the kit is TypeScript).
export { Flow, NAMESPACES } from '../../test/flow/support/flow';
export { Outside } from '../../test/flow/support/outside';
export { OBJECT_ANNOTATION } from '../../src/programs/manager/jobs/stamp';
