import { frame } from '../examples';
import { aFileIsProcessed } from '../jobs';
import { CALLED, idleServicesGoToSleep } from '../manager';
import { theManagerAnswers } from '../outage';
import { theStoreIsProvisioned } from '../provisioning';
import { uploadsOutliveTheStoresRestart } from '../restarts';
import { scenario } from '../scenario';
import { thePlatformIsReady } from '../steps';
import { theSupervisorIsUpgraded } from '../supervisor-upgrade';
import { nobodyElseSweeps } from '../sweeps';

// The other kinds of supervisor volume, of which every pod of per-pod installs one for itself; and a store of one pod.
for (const [environment, jobs] of [
  ['shared', 60],
  ['per-pod', 6],
] as const) {
  scenario(environment, (given) => {
    given.step('applied', async () => {
      await given.cluster.kubectl('apply', '--server-side', '-f', given.folder);
    });
    thePlatformIsReady(given);
    theManagerAnswers(given);
    theStoreIsProvisioned(given);
    nobodyElseSweeps(given);
    idleServicesGoToSleep(given, `${CALLED},oscar_service!=archive`);
    aFileIsProcessed(given, 'find-objects', frame('a film'));
    theSupervisorIsUpgraded(given, jobs);
    uploadsOutliveTheStoresRestart(given);
  });
}
