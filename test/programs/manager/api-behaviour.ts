import { testJobs } from './api-behaviour/jobs';
import { testLists } from './api-behaviour/lists';
import { testOthers } from './api-behaviour/others';
import { Run } from './api-behaviour/run';
import { testWatches } from './api-behaviour/watches';
import type { ServerAt } from './double';

/**
 * What the manager relies on of the Kubernetes API, as tests: they hold for the double and for a real server. Of a real
 * one, the token has to be allowed to make, change and remove ConfigMaps, Jobs (and their status), Deployments (and
 * their scale), Events and Secrets, and to read pods' logs, in a namespace that is there. No pod ever starts: Jobs are
 * suspended, and the Deployment fits no node.
 */
export function holdsAs(server: () => ServerAt): void {
  describe('as a Kubernetes API server', () => {
    const run = new Run(server);
    afterAll(() => run.removeAll());

    testJobs(run);
    testLists(run);
    testWatches(run);
    testOthers(run);
  });
}
