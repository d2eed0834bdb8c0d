import { createHash } from 'node:crypto';
import { accountsMayNoMoreThanTheyDo } from './accounts';
import { answersAreAsManyFiles } from './answers';
import { theApiServerIsAsItsDouble } from './api-behaviour';
import { resultsGoToOtherStores } from './archives';
import { everyUploadIsProcessed } from './chaos';
import { jobsWaitForTheirTurn } from './concurrency';
import { anIntruderFindsDoorsShut } from './doors';
import { oneOfTwoManagersIsEnough, uploadsOutliveTheManager, whatNobodyTakesIsDeadLettered } from './events';
import { frame, picture } from './examples';
import { anExposedServiceAnswers } from './exposed';
import { aFloodIsProcessed } from './flood';
import { jobsFailAndSayWhy } from './job-faults';
import { aFileIsProcessed, eachNodeProcessesAFile } from './jobs';
import { kubernetesIsAway } from './kubernetes-away';
import { CALLED, idleServicesGoToSleep } from './manager';
import { theNewestImageRuns } from './newest-image';
import { upstreamsClientWorks } from './oscar-python';
import { aNodeIsCut, theManagerAnswers } from './outage';
import { platformPodsAreKilled } from './platform-pods';
import { anUnchangedDeclarationIsNotProvisionedAgain, theStoreIsProvisioned } from './provisioning';
import { refusedJobsAreAskedForAgain } from './refused-jobs';
import { whoReachesWhomIsAsDocumented } from './reachability';
import { aSleepingServiceAnswers, aSleepingServiceAnswersMany, aWarmPodProcessesAFile } from './requests';
import { changesRestartWhatIsDocumented } from './restarts';
import { theManagerMayNoMoreThanItDoes, theManagersRightsAreAsDocumented } from './rights';
import { podsAreAsManyAsTheLoadAsksFor } from './scaling';
import { scenario } from './scenario';
import { appliesTwice, podSecurityIsEnforced, secretsAreGenerated, thePlatformIsReady } from './steps';
import { theSupervisorIsUpgraded } from './supervisor-upgrade';
import { aLostEventIsFound, aSweepFindsNothing, nobodyElseSweeps } from './sweeps';
import { aJobIsMadeByHand, aTokenIsChanged, jobsAreDeleted, largeBody, tokensAreChecked } from './system';
import { takenDownItLeavesTheData } from './takedown';
import { usersMayNoMoreThanIsDeclared } from './users';
import { aFilmGoesThroughTwoServices, clientsUpload, filtersHold } from './workflow';

const LEAF = '\0 a leaf, not text \xff';
/** What `plants` says, as the one file of an answer is given. */
const SPECIES = Buffer.from(`{"species": "${createHash('md5').update(LEAF).digest('hex')}"}\n`).toString('base64');
/** `plants` takes a picture as it is, or in base64, and answers alike. */
const PLANTS = { contentType: 'application/octet-stream', body: LEAF, answer: SPECIES };
const PLANTS_BASE64 = { contentType: 'text/plain', body: Buffer.from(LEAF).toString('base64'), answer: SPECIES };
const COW = /< moo >[^]*\(oo\)/;
const COWSAY = { contentType: 'application/json', body: '{"message": "moo"}', answer: COW };
/** As the environment has it. */
const IDLE_SECONDS = 10;
const UPLOADS = Number(process.env.UPLOADS ?? 100);
const FLOOD = Number(process.env.FLOOD ?? 200);

// Two managers, four pods of the store, the supervisor on each node.
scenario('e2e', (given) => {
  appliesTwice(given);
  podSecurityIsEnforced(given);
  secretsAreGenerated(given, 'cowsay');
  thePlatformIsReady(given);
  theManagerAnswers(given);
  theManagerMayNoMoreThanItDoes(given);
  theManagersRightsAreAsDocumented(given);
  accountsMayNoMoreThanTheyDo(given);
  theStoreIsProvisioned(given);
  anUnchangedDeclarationIsNotProvisionedAgain(given);
  // Before the first file: a sweep would write the records that supervisors didn't leave.
  nobodyElseSweeps(given);

  // busybox has no libc at all, Debian has another one than the supervisor's.
  eachNodeProcessesAFile(given, 'find-objects', (node) => frame(node));
  eachNodeProcessesAFile(given, 'grayscale', (node) => picture(node));
  resultsGoToOtherStores(given);
  idleServicesGoToSleep(given, CALLED);
  aNodeIsCut(given);

  aFilmGoesThroughTwoServices(given);
  clientsUpload(given);
  filtersHold(given);
  platformPodsAreKilled(given);
  usersMayNoMoreThanIsDeclared(given);
  aSweepFindsNothing(given);
  aLostEventIsFound(given);

  idleServicesGoToSleep(given, CALLED);
  const [again, picturedAgain] = [frame('in a warm pod'), picture('in-a-warm-pod')];
  aFileIsProcessed(given, 'find-objects', again);
  aWarmPodProcessesAFile(given, 'find-objects', again);
  aFileIsProcessed(given, 'grayscale', picturedAgain);
  aWarmPodProcessesAFile(given, 'grayscale', picturedAgain);
  aSleepingServiceAnswers(given, 'plants', PLANTS);
  aSleepingServiceAnswers(given, 'plants', PLANTS_BASE64);
  aSleepingServiceAnswersMany(given, 'cowsay', COWSAY, IDLE_SECONDS);
  answersAreAsManyFiles(given, 'files');
  aJobIsMadeByHand(given, 'cowsay', 'JSON', COWSAY, COW);
  const { call, log } = largeBody();
  aJobIsMadeByHand(given, 'plants', 'a MiB', call, log);
  jobsAreDeleted(given, 'cowsay');
  tokensAreChecked(given, 'cowsay', 'plants');
  const theTokenBeforeEnds = aTokenIsChanged(given, 'cowsay');
  upstreamsClientWorks(given, 'cowsay', COWSAY);
  anExposedServiceAnswers(given, 'web', 'Hello from a service of its own\n');

  anIntruderFindsDoorsShut(given);
  whoReachesWhomIsAsDocumented(given);
  theTokenBeforeEnds();

  theNewestImageRuns(given);
  theSupervisorIsUpgraded(given, 60);

  whatNobodyTakesIsDeadLettered(given);
  refusedJobsAreAskedForAgain(given);
  uploadsOutliveTheManager(given);
  kubernetesIsAway(given, { service: 'plants', request: PLANTS });
  theApiServerIsAsItsDouble(given);
  jobsFailAndSayWhy(given);

  podsAreAsManyAsTheLoadAsksFor(given, 3, IDLE_SECONDS);
  aFloodIsProcessed(given, FLOOD, { service: 'cowsay', request: COWSAY });
  jobsWaitForTheirTurn(given, { service: 'turns', bucket: 'turns' }, 5, 20);

  idleServicesGoToSleep(given, CALLED);
  changesRestartWhatIsDocumented(given, { service: 'plants', request: PLANTS });
  oneOfTwoManagersIsEnough(given);
  everyUploadIsProcessed(given, UPLOADS);
  takenDownItLeavesTheData(given, 'e2e');
});
