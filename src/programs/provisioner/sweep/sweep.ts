import { setTimeout as sleep } from 'node:timers/promises';
import { Declaration, MANAGER_ENDPOINT_ENV, recordsBucket, SECRETS_DIR } from '../../../contract';
import { secondsSince } from '../../common/elapsed';
import { ProgramError } from '../../common/fail';
import { log as logToStdout, Log } from '../../common/log';
import { MountedSecrets } from '../../common/mounted-secrets';
import { Wait } from '../../common/patience';
import { Store } from '../store/store';
import { BindingRecords } from './binding-records';
import { boundPaths } from './bound-paths';
import { CompletionRecords } from './completion-records';
import { managerDoor } from './door';
import { Summary } from './findings';
import { Objects, objectsOf } from './objects';
import { explained, onceAdmitted } from './refusal';
import { Rules } from './rules';
import { MARGIN_MS, ServiceSweep } from './service';
import { Submitter } from './submit';

/** Half a minute for a call: the next sweep comes in some minutes. */
const STORE_TRIES = 8;
/** So many services in a row, and the others are not looked at either. */
const AWAY_IN_A_ROW = 3;

/** Where the program finds what it needs. */
export interface SweepPlace {
  readonly env?: NodeJS.ProcessEnv;
  readonly secretsDir?: string;
  readonly log?: Log;
  readonly wait?: Wait;
}

/**
 * Finds the uploads that no event told of, and asks the manager for their Jobs.
 * @returns the exit code: 0 when all was looked at
 * @throws ProgramError when there is nothing to begin with: no manager, keys or store
 */
export async function sweep(declaration: Declaration, place: SweepPlace = {}): Promise<number> {
  const { env = process.env, secretsDir = SECRETS_DIR, log = logToStdout, wait = sleep } = place;
  const secret = secretsIn(secretsDir);
  const keys = { accessKey: secret('minio/accessKey'), secretKey: secret('minio/secretKey') };
  const store = new Store(declaration.store, keys, log, { wait, tries: STORE_TRIES });
  const door = managerDoor(managerIn(env), secret('webhook/token'));
  try {
    const swept = await sweepAll(declaration, {
      objects: objectsOf(store),
      submitter: new Submitter(door, wait),
      rules: new Rules(declaration, store, log),
      log,
      wait,
    });
    return swept ? 0 : 1;
  } catch (error) {
    throw error instanceof ProgramError ? new ProgramError(explained(error)) : error;
  } finally {
    door.close();
    store.close();
  }
}

export interface SweepWorld {
  readonly objects: Objects;
  readonly submitter: Submitter;
  readonly rules: Pick<Rules, 'writeAgain'>;
  readonly log: Log;
  readonly wait: Wait;
  /** In ms since 1970. */
  readonly now?: () => number;
}

/**
 * The same, wherever it is.
 * @returns whether all was looked at
 * @throws StoreError when nobody can say which records there are
 */
export async function sweepAll(
  { platform, bindings: declared }: Pick<Declaration, 'platform' | 'bindings'>,
  { objects, submitter, rules, log, wait, now = Date.now }: SweepWorld,
): Promise<boolean> {
  const began = performance.now();
  const bucket = recordsBucket(platform);
  const records = new CompletionRecords(objects, bucket);
  const tools = { objects, submitter, rules, records, bindings: new BindingRecords(objects, bucket), now };
  const services = boundPaths(declared);
  const summary = new Summary();
  if (!(await onceAdmitted(() => records.isThere(), log, wait))) {
    log('warning', `the bucket ${bucket} is not there yet: nothing is bound until the provisioner has made it`);
    return true;
  }
  summary.recordsRemoved(await records.removeOthers((service) => services.has(service), now() - MARGIN_MS));
  let away = 0;
  for (const [service, paths] of services) {
    const one = new ServiceSweep(service, paths, tools);
    if (away < AWAY_IN_A_ROW) {
      await one.run();
      away = one.storeIsAway ? away + 1 : 0;
      one.findings.tell(service, log);
    } else {
      one.findings.problem('not looked at, as the store does not answer');
    }
    for (const { path } of one.notBound) summary.skip(service, path);
    summary.add(service, one.findings);
  }
  return summary.tell(log, secondsSince(began));
}

function managerIn({ [MANAGER_ENDPOINT_ENV]: endpoint }: NodeJS.ProcessEnv): string {
  if (endpoint && URL.canParse(endpoint)) return new URL(endpoint).origin;
  throw new ProgramError(
    `${MANAGER_ENDPOINT_ENV} is ${endpoint ? `"${endpoint}"` : 'not set'}. Allowed: http://host:port`,
  );
}

function secretsIn(folder: string) {
  const secrets = new MountedSecrets(folder);
  return (file: 'minio/accessKey' | 'minio/secretKey' | 'webhook/token'): string => {
    const value = secrets.get(file);
    if (value === undefined) throw new ProgramError(`the secret's file ${folder}/${file} is missing or empty`);
    return value;
  };
}
