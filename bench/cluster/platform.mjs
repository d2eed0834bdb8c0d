// What the benchmark needs of the suite's kit, in one module (it is bundled, as the kit is TypeScript).
export { Cluster, eventually } from '../../test/e2e/cluster';
export { Manager, managerPods } from '../../test/e2e/manager';
export { synthesize } from '../../test/e2e/synthesis';
export { PLATFORM, SERVICES, waitUntilReady } from '../../test/e2e/steps';
export { Store } from '../../test/e2e/store';
export { OBJECT_ANNOTATION } from '../../src/programs/manager/jobs/stamp';
