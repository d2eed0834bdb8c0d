import { frame } from './examples';
import { aFileIsProcessed } from './jobs';
import { cut, managerAnswers, readyBeside, staysSo, storeTakes, theManagerAnswers } from './outage';
import { theStoreIsProvisioned } from './provisioning';
import { scenario } from './scenario';
import {
  appliesTwice,
  EVERY_SERVICE,
  idleServicesStop,
  secretsAreGenerated,
  thePlatformIsReady,
  warmPodsAreReady,
} from './steps';

// As many nodes as the store has pods: the end of one takes one drive of four, and the store goes on writing. The
// supervisor is in one volume that all nodes share.
scenario('spread', 4, (given) => {
  appliesTwice(given);
  secretsAreGenerated(given, 'plants');
  thePlatformIsReady(given);
  theManagerAnswers(given);
  idleServicesStop(given, `${EVERY_SERVICE},oscar_service notin (plants,web)`);
  warmPodsAreReady(given, 'plants', 'web');
  theStoreIsProvisioned(given);
  aFileIsProcessed(given, 'find-objects', frame('a film'));

  given.step(
    'with three of four nodes the manager answers and the store takes writes',
    async () => {
      const { cluster } = given;
      await storeTakes(cluster, 'before');
      const before = await readyBeside(cluster, 2);
      await cut(cluster, 2);
      let writes = 0;
      await staysSo(cluster, 2, before, 10, async () => {
        await managerAnswers(cluster);
        await storeTakes(cluster, `during-${writes++}`);
      });
    },
    500,
  );
});
