import { frame } from './examples';
import { eachNodeProcessesAFile } from './jobs';
import { scenario } from './scenario';
import { appliesTwice, secretsAreGenerated } from './steps';
import { aSweepMayComeFirst, theScheduleSweeps } from './sweeps';
import { thePlatformIsUp } from './up';

// No volume at all: each pod brings its own supervisor.
scenario('per-pod', (given) => {
  appliesTwice(given);
  aSweepMayComeFirst(given);
  secretsAreGenerated(given, 'cowsay');
  thePlatformIsUp(given);
  eachNodeProcessesAFile(given, 'find-objects', (node) => frame(node));
  theScheduleSweeps(given, 240);
});

// One volume that all nodes share, filled once.
scenario('shared', (given) => {
  appliesTwice(given);
  secretsAreGenerated(given, 'cowsay');
  thePlatformIsUp(given);
  eachNodeProcessesAFile(given, 'find-objects', (node) => frame(node));
});
