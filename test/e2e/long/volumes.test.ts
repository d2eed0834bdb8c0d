import { frame } from '../examples';
import { aFileIsProcessed } from '../jobs';
import { CALLED, idleServicesGoToSleep } from '../manager';
import { uploadsOutliveTheStoresRestart } from '../restarts';
import { scenario } from '../scenario';
import { theSupervisorIsUpgraded } from '../supervisor-upgrade';
import { nobodyElseSweeps } from '../sweeps';
import { thePlatformIsUp } from '../up';

// The other kinds of supervisor volume, of which every pod of per-pod installs one for itself; and a store of one pod.
for (const [environment, jobs] of [
  ['shared', 60],
  ['per-pod', 6],
] as const) {
  scenario(environment, (given) => {
    given.step('applied', async () => {
      await given.cluster.kubectl('apply', '--server-side', '-f', given.folder);
    });
    thePlatformIsUp(given);
    nobodyElseSweeps(given);
    idleServicesGoToSleep(given, `${CALLED},oscar_service!=archive`);
    aFileIsProcessed(given, 'find-objects', frame('a film'));
    theSupervisorIsUpgraded(given, jobs);
    uploadsOutliveTheStoresRestart(given);
  });
}
