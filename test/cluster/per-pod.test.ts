import { frame } from './examples';
import { aFileIsProcessed } from './jobs';
import { theManagerAnswers } from './outage';
import { theStoreIsProvisioned } from './provisioning';
import { aSweepMayComeFirst, theScheduleSweeps } from './sweeps';
import { scenario } from './scenario';
import { appliesTwice, EVERY_SERVICE, idleServicesStop, secretsAreGenerated, thePlatformIsReady } from './steps';

// No volume at all: each pod brings its own supervisor.
scenario('per-pod', 2, (given) => {
  appliesTwice(given);
  aSweepMayComeFirst(given);
  secretsAreGenerated(given, 'cowsay');
  thePlatformIsReady(given);
  theManagerAnswers(given);
  idleServicesStop(given, EVERY_SERVICE);
  theStoreIsProvisioned(given);
  for (const node of [1, 2]) aFileIsProcessed(given, 'find-objects', frame(`node ${node}`), node);
  theScheduleSweeps(given, 240);
});
