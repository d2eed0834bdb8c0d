import { theManagerAnswers } from './outage';
import { theStoreIsProvisioned } from './provisioning';
import type { Scenario } from './scenario';
import { thePlatformIsReady } from './steps';

/** What was applied is there: pods are ready, the manager answers, and the store is as declared. */
export function thePlatformIsUp(scenario: Scenario): void {
  thePlatformIsReady(scenario);
  theManagerAnswers(scenario);
  theStoreIsProvisioned(scenario);
}
