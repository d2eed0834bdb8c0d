import { DEAD_LETTER_REASON } from '../../../../src/contract';
import { DeadLetters } from '../../../../src/programs/manager/events/dead-letters';
import { SETTINGS, SystemUnderTest } from './fixture';

let it: SystemUnderTest;
beforeEach(async () => (it = await SystemUnderTest.start()));
afterEach(() => it.stop());

function putEvent(
  name: string,
  lastTimestamp: string,
  annotations?: Record<string, string>,
  reason = DEAD_LETTER_REASON,
) {
  it.double.objects.put({
    ...{ apiVersion: 'v1', kind: 'Event', reason, lastTimestamp, message: 'the message' },
    metadata: { name, namespace: 'oscar', annotations },
    involvedObject: { kind: 'Deployment', name: 'oscar-manager', namespace: 'oscar' },
  });
}

test('none', async () => {
  await expect(it.json('/system/dead-letters')).resolves.toEqual({ dead_letters: [] });
});

test('newest first, and no other Events', async () => {
  const annotations = {
    'oscar-cdk8s/problem': 'no service takes it',
    'oscar-cdk8s/bucket': 'pictures',
    'oscar-cdk8s/key': 'in/a b.png',
    'oscar-cdk8s/event-name': 's3:ObjectCreated:Put',
  };
  putEvent('a', '2026-01-02T00:00:00Z', annotations);
  putEvent('b', '2026-01-01T00:00:00Z');
  putEvent('c', '2026-01-03T00:00:00Z');
  putEvent('d', '2026-01-03T00:00:00Z', {}, 'ScalingReplicaSet');
  const { dead_letters } = await it.json('/system/dead-letters');
  const bare = { problem: 'the message', bucket: '', key: '', event_name: '' };
  expect(dead_letters).toEqual([
    { time: '2026-01-03T00:00:00Z', ...bare },
    {
      time: '2026-01-02T00:00:00Z',
      problem: 'no service takes it',
      bucket: 'pictures',
      key: 'in/a b.png',
      event_name: 's3:ObjectCreated:Put',
    },
    { time: '2026-01-01T00:00:00Z', ...bare },
  ]);
});

test('the newest five hundred of many', async () => {
  for (let i = 0; i < 600; i++) {
    putEvent(`e${i}`, new Date(Date.UTC(2026, 0, 1) + ((i * 7919) % 600) * 1000).toISOString());
  }
  const { dead_letters } = await it.json('/system/dead-letters');
  expect(dead_letters).toHaveLength(500);
  expect(dead_letters[0].time).toBe('2026-01-01T00:09:59.000Z');
  expect(dead_letters[499].time).toBe('2026-01-01T00:01:40.000Z');
});

test('as they are recorded', async () => {
  const event = { bucket: 'pictures', key: 'x', eventName: 's3:ObjectCreated:Put' };
  await new DeadLetters(it.api, SETTINGS, () => {}).record({ problem: 'it is odd', event });
  await expect(it.json('/system/dead-letters')).resolves.toEqual({
    dead_letters: [
      {
        time: expect.stringMatching(/^20.*Z$/),
        problem: 'it is odd',
        bucket: 'pictures',
        key: 'x',
        event_name: 's3:ObjectCreated:Put',
      },
    ],
  });
});
