import { Report } from '../../../src/programs/provisioner/report';

function report() {
  const logged: { level: string; message: string; fields?: object }[] = [];
  return { logged, report: new Report((level, message, fields) => void logged.push({ level, message, fields })) };
}

test('each thing is said as it happens, and counted at the end', () => {
  const { logged, report: one } = report();
  one.found('a');
  one.found('b');
  one.changed('c');
  one.leftAlone('d');
  expect(logged).toEqual([
    { level: 'info', message: 'as declared: a', fields: { result: 'found' } },
    { level: 'info', message: 'as declared: b', fields: { result: 'found' } },
    { level: 'info', message: 'changed: c', fields: { result: 'changed' } },
    { level: 'info', message: 'left alone: d', fields: { result: 'leftAlone' } },
  ]);
  expect(one.summary()).toBe(true);
  const counts = { found: 2, changed: 1, leftAlone: 1, byHand: 0, failed: 0 };
  expect(logged.slice(4)).toEqual([{ level: 'info', message: 'all is as declared', fields: counts }]);
});

test('what is left to somebody is said loudly, and is no failure', () => {
  const { logged, report: one } = report();
  one.byHand('make the bucket');
  expect(one.summary()).toBe(true);
  expect(logged.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'warning: to be done by hand: make the bucket',
    'warning: all is as declared but for what has to be done by hand',
    'warning: to be done BY HAND (1):\n- make the bucket',
  ]);
});

test('failures are listed at the end, and make one', () => {
  const { logged, report: one } = report();
  one.failed('bucket a');
  one.found('x');
  one.failed('bucket b');
  expect(one.failures).toEqual(['bucket a', 'bucket b']);
  expect(one.summary()).toBe(false);
  expect(logged[logged.length - 1]).toMatchObject({ level: 'error', message: 'failed (2):\n- bucket a\n- bucket b' });
});
