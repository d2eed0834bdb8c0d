import { frame } from './examples';
import { aFileIsProcessed } from './jobs';
import { idleServicesGoToSleep } from './manager';
import { theManagerAnswers } from './outage';
import { scenario } from './scenario';
import { appliesTwice, secretsAreGenerated, thePlatformIsReady } from './steps';
import { theStoreIsPrepared } from './store';

// No volume at all: each pod brings its own supervisor.
scenario('per-pod', 2, (given) => {
  appliesTwice(given);
  secretsAreGenerated(given, 'cowsay');
  thePlatformIsReady(given);
  theManagerAnswers(given);
  idleServicesGoToSleep(given);
  theStoreIsPrepared(given);
  for (const node of [1, 2]) aFileIsProcessed(given, 'find-objects', frame(`node ${node}`), node);
});
