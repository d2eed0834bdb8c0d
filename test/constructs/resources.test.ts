import fc from 'fast-check';
import { parseQuantity } from '../../src/constructs/quantity';
import { ResourceProps, resources } from '../../src/constructs/resources';
import { refusal } from '../support/platform';

const DEFAULTS = { cpu: '100m', cpuLimit: '1', memory: '128Mi', memoryLimit: '512Mi', ephemeralStorage: '64Mi' };

function made(props: ResourceProps) {
  const { requests, limits } = resources(['manager', 'resources'], props, DEFAULTS);
  const values = (all: typeof requests) =>
    Object.fromEntries(Object.entries(all!).map(([key, { value }]) => [key, value]));
  return { requests: values(requests), limits: values(limits) };
}

test('without a choice it is the defaults', () => {
  expect(made({})).toEqual({
    requests: { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '64Mi' },
    limits: { cpu: '1', memory: '512Mi', 'ephemeral-storage': '64Mi' },
  });
});

test('every property shows up, as the API server writes it', () => {
  const props: Required<ResourceProps> = { cpu: '0.5', cpuLimit: '2000m', memory: '1024Mi', memoryLimit: '2Gi' };
  expect(made(props)).toMatchObject({
    requests: { cpu: '500m', memory: '1Gi' },
    limits: { cpu: '2', memory: '2Gi' },
  });
});

test('a request alone is the limit as well', () => {
  expect(made({ cpu: '4', memory: '3Gi' }).limits).toMatchObject({ cpu: '4', memory: '3Gi' });
});

test('a limit below the default request lowers it', () => {
  expect(made({ cpuLimit: '50m', memoryLimit: '64Mi' }).requests).toMatchObject({ cpu: '50m', memory: '64Mi' });
});

test('refuses a limit below its request, and what is no quantity', () => {
  expect(refusal(() => made({ memory: '1Gi', memoryLimit: '512Mi' }))).toMatchObject({
    field: ['manager', 'resources', 'memoryLimit'],
    value: '512Mi',
  });
  expect(refusal(() => made({ cpu: 'much' })).field).toEqual(['manager', 'resources', 'cpu']);
  expect(refusal(() => made({ memoryLimit: '512m' })).field).toEqual(['manager', 'resources', 'memoryLimit']);
});

test('no choice that is taken has a request above its limit', () => {
  const cpu = fc.option(
    fc.integer({ min: 1, max: 8000 }).map((millis) => `${millis}m`),
    { nil: undefined },
  );
  const memory = fc.option(
    fc.integer({ min: 1, max: 8192 }).map((mebi) => `${mebi}Mi`),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.record({ cpu, cpuLimit: cpu, memory, memoryLimit: memory }), (props) => {
      let result: ReturnType<typeof made>;
      try {
        result = made(props);
      } catch {
        const above = (request?: string, limit?: string) =>
          request !== undefined && limit !== undefined && parseQuantity(request)! > parseQuantity(limit)!;
        return above(props.cpu, props.cpuLimit) || above(props.memory, props.memoryLimit);
      }
      return Object.keys(result.limits).every(
        (key) => parseQuantity(String(result.requests[key]))! <= parseQuantity(String(result.limits[key]))!,
      );
    }),
  );
});
