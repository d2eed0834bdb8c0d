import { createHash } from 'node:crypto';
import { theApiServerIsAsItsDouble } from './api-behaviour';
import { eventually } from './cluster';
import { frame, picture } from './examples';
import { uploadsOutliveTheManager, uploadsWaitForKubernetes, whatNobodyTakesIsDeadLettered } from './events';
import { aFileIsProcessed, aJobWaitsForTheSupervisor } from './jobs';
import { idleServicesGoToSleep } from './manager';
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
import { aSleepingServiceAnswers, aSleepingServiceAnswersMany, aWarmPodProcessesAFile } from './requests';
import { theManagerMayNoMoreThanItDoes } from './rights';
import { theDeclarationChangesUnderLoad } from './change';
import { anUnchangedDeclarationIsNotProvisionedAgain, theStoreIsProvisioned } from './provisioning';
import { refusedJobsAreAskedForAgain } from './refused-jobs';
import { aLostEventIsFound, aSweepFindsNothing, nobodyElseSweeps } from './sweeps';
import { usersMayNoMoreThanIsDeclared } from './users';
import { aFilmGoesThroughTwoServices, clientsUpload, filtersHold } from './workflow';
import { answersAreAsManyFiles } from './answers';
import { resultsGoToOtherStores } from './archives';
import { scenario } from './scenario';
import {
  appliesTwice,
  EVERY_SERVICE,
  idleServicesStop,
  PLATFORM,
  podSecurityIsEnforced,
  secretsAreGenerated,
  thePlatformIsReady,
} from './steps';
import { aJobIsMadeByHand, jobsAreDeleted, largeBody, tokensAreChecked } from './system';

const LEAF = '\0 a leaf, not text \xff';
/** What stands in for the model says, as the one file of an answer is given. */
const SPECIES = Buffer.from(`{"species": "${createHash('md5').update(LEAF).digest('hex')}"}\n`).toString('base64');
/** `plants` takes a picture as it is, or in base64, and answers alike. */
const PLANTS = { contentType: 'application/octet-stream', body: LEAF, answer: SPECIES };
const PLANTS_BASE64 = { contentType: 'text/plain', body: Buffer.from(LEAF).toString('base64'), answer: SPECIES };
const COW = /< moo >[^]*\(oo\)/;
const COWSAY = { contentType: 'application/json', body: '{"message": "moo"}', answer: COW };
/** Its storage's Secrets are in no cluster: its pod never gets ready, for which the manager has much patience. */
const NEVER_READY = `${EVERY_SERVICE}=archive`;
/** As the environment has it. */
const IDLE_SECONDS = 10;

// One manager, a store in one pod, the supervisor on each node.
scenario('dev', 2, (given) => {
  appliesTwice(given);
  podSecurityIsEnforced(given);
  secretsAreGenerated(given, 'cowsay');
  thePlatformIsReady(given);
  theManagerAnswers(given);
  theManagerMayNoMoreThanItDoes(given);
  theStoreIsProvisioned(given);
  anUnchangedDeclarationIsNotProvisionedAgain(given);
  // Before the first file: a sweep would write the records that supervisors didn't leave.
  nobodyElseSweeps(given);
  idleServicesStop(given, NEVER_READY);
  idleServicesGoToSleep(given, EVERY_SERVICE);
  // busybox has no libc at all, Debian has another one than the supervisor's.
  for (const node of [1, 2]) {
    aFileIsProcessed(given, 'find-objects', frame(`node ${node}`), node);
    aFileIsProcessed(given, 'grayscale', picture(`node-${node}`), node);
  }
  aFilmGoesThroughTwoServices(given);
  clientsUpload(given);
  filtersHold(given);
  resultsGoToOtherStores(given);
  usersMayNoMoreThanIsDeclared(given);
  aSweepFindsNothing(given);
  aLostEventIsFound(given);
  aWarmPodProcessesAFile(given, 'find-objects', frame('node 1'));
  aWarmPodProcessesAFile(given, 'grayscale', picture('node-1'));
  aSleepingServiceAnswers(given, 'plants', PLANTS);
  aSleepingServiceAnswers(given, 'plants', PLANTS_BASE64);
  aSleepingServiceAnswersMany(given, 'cowsay', COWSAY, IDLE_SECONDS);
  answersAreAsManyFiles(given, 'files');
  aJobIsMadeByHand(given, 'cowsay', 'JSON', COWSAY, COW);
  const { call, log } = largeBody();
  aJobIsMadeByHand(given, 'plants', 'a MiB', call, log);
  jobsAreDeleted(given, 'cowsay');
  tokensAreChecked(given, 'cowsay', 'plants');
  whatNobodyTakesIsDeadLettered(given);
  refusedJobsAreAskedForAgain(given);
  uploadsOutliveTheManager(given);
  uploadsWaitForKubernetes(given);
  theApiServerIsAsItsDouble(given);
  idleServicesGoToSleep(given, EVERY_SERVICE);
  aJobWaitsForTheSupervisor(given, 'find-objects', 2, frame('a node that is new'));

  theDeclarationChangesUnderLoad(given);

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
