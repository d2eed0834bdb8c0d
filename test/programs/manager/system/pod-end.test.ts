import type { Condition, Pod } from '../../../../src/programs/manager/kubernetes/objects';
import { isOver, lastLine, whyItFailed } from '../../../../src/programs/manager/system/pod-end';

const [MADE, BEGAN, ENDED] = ['2025-12-31T23:59:00Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:09Z'];

interface Fields {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly Condition[];
  /** How the service's container ended. @default it never was */
  readonly terminated?: object;
}

const pod = ({ terminated, phase = 'Failed', ...fields }: Fields): Pod => ({
  metadata: { name: 'cow-1-a', creationTimestamp: MADE },
  spec: {
    activeDeadlineSeconds: 30,
    containers: [
      { name: 'beside', image: 'another' },
      { name: 'oscar-container', image: 'ghcr.io/me/cow:1', resources: { limits: { memory: '64Mi' } } },
    ],
  },
  status: {
    ...{ phase, ...fields },
    containerStatuses: terminated ? [{ name: 'oscar-container', state: { terminated } }] : [],
  },
});
const ran = (fields: object) => ({ startedAt: BEGAN, finishedAt: ENDED, ...fields });

test.each<[string, Fields, string | undefined]>([
  [
    'over its memory',
    { terminated: ran({ reason: 'OOMKilled', exitCode: 137 }) },
    'it used more memory than its limit of 64Mi (OOMKilled)',
  ],
  [
    'over its deadline',
    { reason: 'DeadlineExceeded', message: 'Pod was active', terminated: ran({ reason: 'Error', exitCode: 143 }) },
    'its deadline of 30 s was over (DeadlineExceeded)',
  ],
  [
    'over its deadline, and never started',
    { reason: 'DeadlineExceeded', terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } },
    'its deadline of 30 s was over (DeadlineExceeded); its container never started, of the image ghcr.io/me/cow:1',
  ],
  [
    'over its disk',
    { reason: 'Evicted', message: 'Pod uses more than 16Mi. ', terminated: ran({ reason: 'Error', exitCode: 137 }) },
    'its node ended it (Evicted): Pod uses more than 16Mi.',
  ],
  [
    'over its disk, and what was known of its container is lost',
    { reason: 'Evicted', message: 'Pod uses more.', terminated: { reason: 'ContainerStatusUnknown', exitCode: 137 } },
    'its node ended it (Evicted): Pod uses more.',
  ],
  [
    'ended by its node, which says no more',
    { reason: 'Shutdown', terminated: ran({}) },
    'its node ended it (Shutdown)',
  ],
  [
    'not to be started',
    { terminated: ran({ reason: 'StartError', exitCode: 128, message: 'no such file' }) },
    'its container ended (StartError): no such file',
  ],
  ['a script that failed', { terminated: ran({ reason: 'Error', exitCode: 3 }) }, undefined],
  ['one that succeeded', { phase: 'Succeeded', terminated: ran({ reason: 'OOMKilled', exitCode: 0 }) }, undefined],
  ['one that runs', { phase: 'Running' }, undefined],
])('%s', (_, fields, why) => {
  expect(whyItFailed(pod(fields))).toBe(why);
});

test('its last line, at the time when its container ended', () => {
  const killed = pod({ terminated: ran({ reason: 'OOMKilled' }) });
  const why = 'it used more memory than its limit of 64Mi (OOMKilled)';
  const line = `2026-01-01 00:00:09,000 - manager - ERROR - The pod failed: ${why}\n`;
  expect(lastLine(killed, false)).toBe(line);
  expect(lastLine(killed, true)).toBe(`${ENDED} ${line}`);
  expect(lastLine(pod({ phase: 'Succeeded' }), false)).toBeUndefined();
});

describe('where nobody knows when its container ended, its last line is', () => {
  const lost = { reason: 'Evicted', terminated: { reason: 'ContainerStatusUnknown', finishedAt: null } };
  const changed = (type: string, lastTransitionTime: string) => ({ type, status: 'False', lastTransitionTime });

  test('of the time when the pod was last seen to change', () => {
    const conditions = [
      ...[changed('PodScheduled', MADE), changed('Ready', '2026-01-01T00:00:12Z')],
      ...[changed('Initialized', BEGAN), { type: 'DisruptionTarget', status: 'True' }],
    ];
    expect(lastLine(pod({ ...lost, conditions }), true)).toMatch(
      /^2026-01-01T00:00:12Z 2026-01-01 00:00:12,000 - manager/,
    );
  });

  test('or was made', () => expect(lastLine(pod(lost), false)).toMatch(/^2025-12-31 23:59:00,000 - manager/));
});

test.each([
  ['Failed', true],
  ['Succeeded', true],
  ['Running', false],
  ['Pending', false],
])('%s: is it over? %s', (phase, over) => {
  expect(isOver(pod({ phase }))).toBe(over);
});
