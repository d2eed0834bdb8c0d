import { eventually } from './cluster';
import { aJobRunsTheSupervisor, aJobWaitsForTheSupervisor } from './jobs';
import {
  cut,
  managerAnswers,
  readyBeside,
  restore,
  staysSo,
  storeGives,
  storeTakes,
  theManagerAnswers,
} from './outage';
import type { Pod } from './objects';
import { scenario } from './scenario';
import {
  appliesTwice,
  PLATFORM,
  podSecurityIsEnforced,
  EVERY_SERVICE,
  idleServicesStop,
  secretsAreGenerated,
  thePlatformIsReady,
} from './steps';

// One manager, a store in one pod, the supervisor on each node.
scenario('dev', 2, (given) => {
  appliesTwice(given);
  podSecurityIsEnforced(given);
  secretsAreGenerated(given, 'cowsay');
  thePlatformIsReady(given);
  theManagerAnswers(given);
  idleServicesStop(given, EVERY_SERVICE);
  aJobRunsTheSupervisor(given, 'find-objects');
  aJobWaitsForTheSupervisor(given, 'find-objects', 2);

  given.step(
    'a node that lost its power takes nothing else with it, and comes back',
    async () => {
      const { cluster } = given;
      await storeTakes(cluster, 'before');
      const here = await cluster.list<Pod>('pods', '-n', PLATFORM, '--field-selector', 'spec.nodeName=node1');
      const before = await readyBeside(cluster, 2);
      await cut(cluster, 2);
      await staysSo(cluster, 2, before, 10, async () => {
        // There is one of each: it answers if it was on the node that remains.
        if (has(here, 'manager')) await managerAnswers(cluster);
        if (has(here, 'minio')) await storeGives(cluster, 'before');
      });
      await restore(cluster, 2);
      await eventually('the manager answers again', 60, () => managerAnswers(cluster));
      await eventually('the store is read again', 60, () => storeGives(cluster, 'before'));
    },
    500,
  );
});

const has = (pods: readonly Pod[], component: string) =>
  pods.some(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === component);
