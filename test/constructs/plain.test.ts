import { App, Chart, IResolver, ResolutionContext } from 'cdk8s';
import { KubePersistentVolume, KubeService } from 'cdk8s-plus-27/lib/imports/k8s';
import { plainObject } from '../../src/constructs/plain';
import { Platform } from '../../src/constructs/platform';
import { manifests, PROGRAMS } from '../support/platform';

test('in a chart with a namespace of its own, what is the cluster’s has none', () => {
  const objects = manifests((chart) => new Platform(chart, 'platform', { programs: PROGRAMS }), { namespace: 'team' });
  const kinds = ['Namespace', 'PersistentVolume', 'ClusterRole', 'ClusterRoleBinding'];
  const cluster = objects.filter(({ kind }) => kinds.includes(kind));
  expect(cluster.map(({ kind }) => kind).sort()).toEqual([
    'ClusterRole',
    'ClusterRoleBinding',
    'Namespace',
    'Namespace',
    'PersistentVolume',
    'PersistentVolume',
  ]);
  for (const { metadata } of cluster) expect(metadata).not.toHaveProperty('namespace');
  const others = objects.filter((object) => !cluster.includes(object));
  expect(new Set(others.map(({ metadata }) => metadata.namespace))).toEqual(new Set(['oscar', 'oscar-svc']));
});

test('nor when it is patched', () => {
  const [volume] = manifests(
    (chart) => plainObject(chart, 'volume', KubePersistentVolume, { metadata: { name: 'v' }, spec: {} }).addJsonPatch(),
    { namespace: 'team' },
  );
  expect(volume.metadata).toEqual({ name: 'v' });
});

test('an App’s own resolvers are heard', () => {
  class Shout implements IResolver {
    resolve(context: ResolutionContext): void {
      if (context.value === 'quiet') context.replaceValue('LOUD');
    }
  }
  const chart = new Chart(new App({ resolvers: [new Shout()] }), 'test');
  plainObject(chart, 'service', KubeService, { metadata: { name: 's' }, spec: { externalName: 'quiet' } });
  expect(chart.toJson()[0].spec).toEqual({ externalName: 'LOUD' });
});
