import fc from 'fast-check';
import { ServiceDefinition } from '../../src/contract';
import { FileService, FileServiceProps } from '../../src/constructs/file-service';
import { parse } from 'yaml';
import { byKind, chart, propsOf } from './service-fixture';

type Given = Pick<FileServiceProps, 'cpu' | 'memory' | 'totalCpu' | 'totalMemory' | 'job'>;

function definitionOf(given: Given): ServiceDefinition {
  const scope = chart();
  new FileService(scope, 'a', propsOf(given));
  return parse(byKind(scope).ConfigMap.data['function_config.yaml']) as ServiceDefinition;
}
const concurrency = (given: Given) => definitionOf(given).job.concurrency;

test.each<[string, Given, number | undefined]>([
  ['without a limit there is none', { cpu: '1', memory: '1Gi' }, undefined],
  ['a number of Jobs', { job: { concurrency: 3 } }, 3],
  ['as many as the CPU is enough for', { cpu: '0.5', totalCpu: '1900m' }, 3],
  ['as many as the memory is enough for', { memory: '512Mi', totalMemory: '2Gi' }, 4],
  ['decimal and binary units', { memory: '1G', totalMemory: '1Gi' }, 1],
  ['by the cpu and memory that a service has without saying so', { totalCpu: '1', totalMemory: '1Gi' }, 4],
  ['just enough for one', { cpu: '1.5', totalCpu: '1500m' }, 1],
  ['the CPU is the lowest', { cpu: '1', totalCpu: '2', memory: '1Gi', totalMemory: '9Gi', job: { concurrency: 5 } }, 2],
  ['the number is the lowest', { cpu: '1', totalCpu: '9', job: { concurrency: 5 } }, 5],
  ['more than anybody has is what can be counted', { cpu: '1m', totalCpu: '9e15' }, 2 ** 31 - 1],
])('%s', (_, given, expected) => expect(concurrency(given)).toBe(expected));

test('without a limit nothing of it is in the definition', () => {
  const { job, ...rest } = definitionOf({});
  expect(job).toEqual({ retries: 3, deadlineSeconds: 3600, ttlSeconds: 86400 });
  expect(rest).not.toHaveProperty('total_cpu');
  expect(rest).not.toHaveProperty('total_memory');
});

test('so many Jobs as there may be have room in the totals, and one more has not', () => {
  const millis = (least: number) => fc.integer({ min: least, max: 100_000 });
  const amounts = fc.record({ cpu: millis(1), more: fc.integer({ min: 0, max: 100_000 }), mebibytes: millis(1) });
  fc.assert(
    fc.property(amounts, fc.integer({ min: 0, max: 100_000 }), ({ cpu, more, mebibytes }, moreMemory) => {
      const totalCpu = cpu + more;
      const totalMemory = mebibytes + moreMemory;
      const limit = concurrency({
        cpu: `${cpu}m`,
        totalCpu: `${totalCpu}m`,
        memory: `${mebibytes}Mi`,
        totalMemory: `${totalMemory}Mi`,
      })!;
      const fits = (jobs: number) => jobs * cpu <= totalCpu && jobs * mebibytes <= totalMemory;
      expect([fits(limit), fits(limit + 1)]).toEqual([true, false]);
    }),
    { numRuns: 50 },
  );
});
