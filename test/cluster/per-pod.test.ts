import { aJobRunsTheSupervisor } from './jobs';
import { theManagerAnswers } from './outage';
import { scenario } from './scenario';
import { appliesTwice, EVERY_SERVICE, idleServicesStop, secretsAreGenerated, thePlatformIsReady } from './steps';

// No volume at all: each pod brings its own supervisor.
scenario('per-pod', 2, (given) => {
  appliesTwice(given);
  secretsAreGenerated(given, 'cowsay');
  thePlatformIsReady(given);
  theManagerAnswers(given);
  idleServicesStop(given, EVERY_SERVICE);
  aJobRunsTheSupervisor(given, 'find-objects');
});
