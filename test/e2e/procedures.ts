import type { Cluster } from './cluster';
import { commandsBelow } from './documented';
import type { Alert } from './monitoring';
import type { Store } from './store';

/** Commands that may have nothing to show: of pods that are not there at all, or of an event that was lost without a word. */
const MAY_SHOW_NOTHING: Readonly<Record<string, readonly RegExp[]>> = {
  OscarEventsLost: [/\| grep/],
  OscarManagerDown: [/describe pods/],
  OscarPodWaits: [/component=sweep/, /component=job/],
  OscarStoreDown: [/logs/],
  OscarSweepOverdue: [/get jobs,pods/, /logs/],
};
/** Of a container that has no log yet. */
const WAITS = /is waiting to start/;
/** What commands are piped to finds nothing, and all else is well. */
const OR_NOTHING_IS_FOUND = '|| [ "${PIPESTATUS[*]}" = "0 1" ]';

/**
 * What docs/OPERATIONS.md says to type when an alert fires, typed as somebody would who has read the alert: SERVICE is the one that it
 * names, POD as well, or else the first that the command before it showed, and ALIAS is the store.
 * @returns how many commands there are
 */
export async function typedAsDocumented(cluster: Cluster, store: Store, { labels }: Alert): Promise<number> {
  const commands = commandsBelow(`### ${labels.alertname}`, 'OPERATIONS');
  const mayShowNothing = MAY_SHOW_NOTHING[labels.alertname] ?? [];
  let shown = '';
  for (const command of commands) {
    const [, firstPod] = /\n(\S+) /.exec(shown) ?? [];
    const words: Record<string, string | undefined> = {
      POD: labels.pod ?? firstPod,
      SERVICE: labels.exported_service ?? labels.deployment,
    };
    const typed = command.replace(/\b(POD|SERVICE)\b/g, (word) => {
      if (words[word] === undefined) throw new Error(`nothing says which ${word} is meant in: ${command}`);
      return words[word];
    });
    shown = await type(cluster, typed, store.as('ALIAS'));
    if (!mayShowNothing.some((pattern) => pattern.test(command))) expect([typed, shown]).not.toEqual([typed, '']);
  }
  return commands.length;
}

/** What to look at first, whichever alert it is. */
export async function lookedAtFirst(cluster: Cluster): Promise<void> {
  for (const command of commandsBelow('## Alerts', 'OPERATIONS'))
    expect([command, await type(cluster, command)]).not.toEqual([command, '']);
}

/** @returns what it shows */
async function type(cluster: Cluster, command: string, access?: NodeJS.ProcessEnv): Promise<string> {
  try {
    const { stdout, stderr } = await cluster.run('bash', ['-c', `${command} ${OR_NOTHING_IS_FOUND}`], access);
    return (stdout + stderr).replace(/^No resources found.*$/m, '').trim();
  } catch (error) {
    if (WAITS.test((error as Error).message)) return (error as Error).message;
    throw error;
  }
}
