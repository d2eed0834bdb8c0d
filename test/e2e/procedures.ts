import type { Cluster } from './cluster';
import { commandsOf } from './documented';
import type { Alert } from './monitoring';
import type { Store } from './store';

/** Where nothing may be left to look at: a manager and a store without pods, an event that was lost without a word. */
const MAY_FIND_NOTHING = [
  'OscarEventsLost',
  'OscarManagerDown',
  'OscarPodWaits',
  'OscarStoreDown',
  'OscarSweepOverdue',
];
/** Of a container that has no log yet. */
const WAITS = /is waiting to start/;

/**
 * What docs/OPERATIONS.md says to type when an alert fires, typed as somebody would who has read the alert: SERVICE is the one that it
 * names, POD as well, or else the first that the command before it showed, and ALIAS is the store.
 */
export async function typedAsDocumented(cluster: Cluster, store: Store, { labels }: Alert): Promise<number> {
  const commands = commandsOf(labels.alertname);
  let shown = '';
  for (const command of commands) {
    const pod = labels.pod ?? /^(\S+) .*\n/m.exec(shown.replace(/^.*\n/, ''))?.[1];
    const service = labels.exported_service ?? labels.deployment;
    const typed = command.replace(/\bPOD\b/, pod ?? 'POD').replace(/\bSERVICE\b/, service ?? 'SERVICE');
    shown = await typedOnce(cluster, typed, store.as('ALIAS')).catch((error: Error & { code?: number }) => {
      if (WAITS.test(error.message)) return error.message;
      if (error.code === 1 && typed.includes('| grep')) return '';
      throw error;
    });
    if (!MAY_FIND_NOTHING.includes(labels.alertname)) expect([typed, shown]).not.toEqual([typed, '']);
  }
  return commands.length;
}

async function typedOnce(cluster: Cluster, command: string, access: NodeJS.ProcessEnv): Promise<string> {
  const { stdout, stderr } = await cluster.run('bash', ['-euo', 'pipefail', '-c', command], access);
  return (stdout + stderr).replace(/^No resources found.*$/m, '').trim();
}
