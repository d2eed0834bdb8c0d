import { App, Chart, Testing } from 'cdk8s';
import { KubeService } from 'cdk8s-plus-27/lib/imports/k8s';
import { Platform, PlatformProps } from '../../src/constructs/platform';
import { PROGRAMS } from '../support/platform';

const addPlatform = (chart: Chart, id: string, props: PlatformProps = {}) =>
  new Platform(chart, id, { programs: PROGRAMS, ...props });
const other = { name: 'q', namespace: 'q', servicesNamespace: 'q-svc' };

/** The errors with which a synthesis ends. */
function errors(chart: Chart): string[] {
  try {
    Testing.synth(chart);
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
  return [];
}

test('two platforms of the same name are refused, each object once, with both places', () => {
  const chart = new Chart(new App(), 'all');
  addPlatform(chart, 'one');
  const objects = chart.toJson().length;
  addPlatform(chart, 'two');
  const found = errors(chart);
  expect(found).toHaveLength(objects);
  expect(found.join('\n')).toContain(
    'two objects are Service "oscar-manager" in namespace "oscar": all/one/manager/service and all/two/manager/service.',
  );
  expect(found.join('\n')).toContain('two objects are Namespace "oscar": all/one/namespaces/platform and');
});

test('so is an object of the user’s own', () => {
  const chart = new Chart(new App(), 'all');
  addPlatform(chart, 'platform');
  new KubeService(chart, 'mine', { metadata: { name: 'oscar-minio', namespace: 'oscar' } });
  expect(errors(chart)).toEqual([expect.stringContaining('all/platform/minio/service and all/mine')]);
});

test('charts of one App may be for clusters of their own', () => {
  const app = new App();
  const charts = ['dev', 'production'].map((id) => new Chart(app, id));
  for (const chart of charts) addPlatform(chart, 'platform');
  expect(charts.flatMap(errors)).toEqual([]);
});

test('two platforms that share nothing are taken', () => {
  const chart = new Chart(new App(), 'all');
  addPlatform(chart, 'one');
  addPlatform(chart, 'two', other);
  expect(errors(chart)).toEqual([]);
});
