import { UserDeclaration } from '../../../contract';
import { ProgramError } from '../../common/fail';
import { Log } from '../../common/log';
import { Wait } from '../../common/patience';
import { quoted } from '../../supervisor/storage/words';
import { checkStoreKey, SecretReader, secretValues } from '../secret-values';
import { isUnknownKeys, Store, StoreError } from '../store/store';
import { attempt, each, StoreWork } from '../store/work';
import { tellUsers } from './by-hand';
import { ALIAS, Mc, McError } from './mc';
import { isSamePolicy, PolicyDocument, policyDocuments } from './policy';

export interface UserTools {
  readonly mc: Mc;
  readonly kubernetes: SecretReader;
  /** Secrets that could not be made a moment ago (`namespace/name`): nobody waits for them. */
  readonly refused: readonly string[];
  readonly log: Log;
  readonly wait?: Wait;
}

/** A user as the store tells of it. */
interface StoredUser {
  readonly isEnabled: boolean;
  /** Names of policies that are attached to it. */
  readonly policies: readonly string[];
  /** Whose policies it has as well. */
  readonly groups: readonly string[];
}

/** Makes the users of services and programs and their policies as declared, and disables those that no longer are. */
export async function convergeUsers(work: StoreWork, tools: UserTools): Promise<void> {
  const { declaration, report } = work;
  if (declaration.store.external) return tellUsers(declaration, report);
  await attempt(work, async () => {
    const stored = await storedUsers(tools.mc);
    await each(
      declaration.users,
      async (user) => void (await attempt(work, () => convergeUser(work, tools, user, stored.get(user.name)))),
    );
    await disableUndeclared(work, tools.mc, stored);
  });
}

async function storedUsers(mc: Mc): Promise<Map<string, StoredUser>> {
  const users = await mc.run(['admin', 'user', 'list', ALIAS]);
  return new Map(
    users.map(({ accessKey, policyName, userStatus, memberOf }) => [
      String(accessKey),
      {
        isEnabled: userStatus === 'enabled',
        policies: String(policyName ?? '')
          .split(',')
          .filter(Boolean),
        groups: ((memberOf ?? []) as { readonly name: string }[]).map(({ name }) => name),
      },
    ]),
  );
}

/** In this order nobody has, at any moment, more rights than declared now or before. */
async function convergeUser(
  work: StoreWork,
  tools: UserTools,
  user: UserDeclaration,
  stored: StoredUser | undefined,
): Promise<void> {
  const { mc, log } = tools;
  const secretKey = await secretKeyOf(user, tools);
  const changes: string[] = [];
  const { name } = user;
  const policies = policiesOf(user);
  let written = false;
  for (const [policy, document] of policies) written = (await convergePolicy(mc, policy, document)) || written;
  if (written) changes.push('policy written');
  for (const policy of (stored?.policies ?? []).filter((one) => !policies.has(one))) {
    await mc.run(['admin', 'policy', 'detach', ALIAS, policy, '--user', name]);
    changes.push(`policy ${quoted(policy)} detached, which is not declared`);
  }
  for (const group of stored?.groups ?? []) {
    await mc.run(['admin', 'group', 'remove', ALIAS, group, name]);
    changes.push(`taken out of the group ${quoted(group)}, which is not declared`);
  }
  if (!stored?.isEnabled || !(await isCurrent(work, { name, secretKey }, log))) {
    // Keys by stdin: arguments are seen by all of the node. It enables a user as well.
    await mc.run(['admin', 'user', 'add', ALIAS], { text: `${name}\n${secretKey}\n`, secret: secretKey });
    changes.push(!stored ? 'created' : !stored.isEnabled ? 'enabled' : 'secret key changed to that of its Secret');
  }
  const missing = [...policies.keys()].filter((one) => !stored?.policies.includes(one));
  if (missing.length > 0) {
    await mc.run(['admin', 'policy', 'attach', ALIAS, ...missing, '--user', name]);
    changes.push('policy attached');
  }
  if (changes.length === 0) work.report.found(`user ${quoted(name)}`);
  else work.report.changed(`user ${quoted(name)}: ${changes.join('; ')}`);
}

/** Of the user's Secret, which was made a moment ago, or is made by hand. */
async function secretKeyOf({ name, secret }: UserDeclaration, tools: UserTools): Promise<string> {
  const { kubernetes, refused, wait } = tools;
  const at = `${secret.namespace}/${secret.name}`;
  const keys = ['accessKey', 'secretKey'];
  // It is read all the same: a quota that is full refuses also one that is there.
  const isAwaited = !refused.includes(at);
  const { namespace, name: secretName } = secret;
  const [accessKey, secretKey] = await secretValues(namespace, secretName, keys, kubernetes, wait, isAwaited);
  if (accessKey !== name) {
    throw new ProgramError(
      `secret ${at}: "accessKey" is ${quoted(accessKey)}. Allowed: ${quoted(name)}, the user's name. Fix: put it right, or delete the ` +
        'Secret and apply the manifests again: it is made anew',
    );
  }
  checkStoreKey(at, 'secretKey', secretKey);
  return secretKey;
}

/** By name: that of the user, and further ones where one document does not hold all. */
function policiesOf(user: UserDeclaration): ReadonlyMap<string, PolicyDocument> {
  const nameOf = (index: number) => (index === 0 ? user.name : `${user.name}.${index + 1}`);
  return new Map(policyDocuments(user).map((document, index) => [nameOf(index), document]));
}

/** @returns whether it had to be written */
async function convergePolicy(mc: Mc, name: string, wanted: PolicyDocument): Promise<boolean> {
  const [answer] = await mc.run(['admin', 'policy', 'info', ALIAS, name]).catch((error: Error) => {
    if (error instanceof McError && error.code === 'XMinioAdminNoSuchPolicy') return [undefined];
    throw error;
  });
  const { Policy: current } = (answer?.policyInfo ?? {}) as { readonly Policy?: unknown };
  if (isSamePolicy(current ?? null, wanted)) return false;
  await mc.runWithFile(['admin', 'policy', 'create', ALIAS, name], JSON.stringify(wanted));
  return true;
}

/** Whether the store knows these keys. What they may do is another question, which costs a hundred times as much. */
async function isCurrent(
  { store: { declared } }: StoreWork,
  keys: { readonly name: string; readonly secretKey: string },
  log: Log,
): Promise<boolean> {
  const { name, secretKey } = keys;
  const store = new Store(declared, { accessKey: name, secretKey }, log);
  try {
    await store.call({ what: `a call with the keys of the user ${quoted(name)}`, method: 'GET', bucket: '' });
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'AccessDenied') return true;
    if (error instanceof StoreError && isUnknownKeys(error)) return false;
    throw error;
  } finally {
    store.close();
  }
}

/** The dot is part of what tells them: a platform's name has none, so no other platform's users begin so. */
async function disableUndeclared(work: StoreWork, mc: Mc, stored: ReadonlyMap<string, StoredUser>): Promise<void> {
  const { declaration, report } = work;
  const declared = new Set(declaration.users.map(({ name }) => name));
  const ours = [...stored].filter(([name]) => name.startsWith(`${declaration.platform}.`));
  await each(
    ours.filter(([name]) => !declared.has(name)),
    async ([name, { isEnabled }]) =>
      void (await attempt(work, async () => {
        const at = `user ${quoted(name)}, which is not declared`;
        if (!isEnabled) return report.leftAlone(`${at}: it is disabled, and stays with its policy`);
        await mc.run(['admin', 'user', 'disable', ALIAS, name]);
        report.changed(`${at}: disabled; it stays, with its policy`);
      })),
  );
}
