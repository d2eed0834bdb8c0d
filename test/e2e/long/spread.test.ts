import { aNodeIsDrained } from '../drain';
import { frame } from '../examples';
import { aFileIsProcessed } from '../jobs';
import { aNodeJoins } from '../joining-node';
import { CALLED, idleServicesGoToSleep } from '../manager';
import { cut, managerAnswers, readyBeside, restore, staysSo, storeTakes } from '../outage';
import { scenario } from '../scenario';
import { thePlatformIsUp } from '../up';

const NODES = 4;

// As many nodes as the store has pods: the end of one takes one drive of four, and the store goes on writing.
scenario('e2e', (given) => {
  given.step('there is a node for each pod of the store', async () => {
    const nodes = await given.cluster.nodes();
    if (nodes.length < NODES) throw new Error(`there are ${nodes.length} nodes: it takes a cluster of ${NODES}`);
    await given.cluster.kubectl('apply', '--server-side', '-f', given.folder);
  });
  thePlatformIsUp(given);
  idleServicesGoToSleep(given, CALLED);
  aFileIsProcessed(given, 'find-objects', frame('a film'));

  given.machineStep(
    'with three of four nodes the manager answers and the store takes writes',
    async () => {
      const { cluster } = given;
      await storeTakes(cluster, 'before');
      const before = await readyBeside(cluster, 2);
      await cut(cluster, 2);
      let writes = 0;
      await staysSo(cluster, 2, before, 10, async () => {
        await managerAnswers(cluster);
        await storeTakes(cluster, `during-${writes++}`);
      });
      await restore(cluster, 2);
    },
    500,
  );

  aNodeIsDrained(given);
  aNodeJoins(given, 'cowsay');
});
