import { Platform } from '../../src/constructs/platform';
import { Manifest, manifests } from '../support/platform';
import { scrapeConfigs, ServiceMonitor } from './scrape-configs';

const monitors = (): ServiceMonitor[] =>
  manifests((chart) => {
    new Platform(chart, 'platform', { namespace: 'oscar', serviceMonitors: true });
  }).filter(({ kind }: Manifest) => kind === 'ServiceMonitor') as unknown as ServiceMonitor[];
const secret = ({ name, key }: { name: string; key: string }) => `${key} of ${name}`;
const access = { kubeconfig: '/kubeconfig', secret };
const changed = (spec: object): ServiceMonitor => {
  const [monitor] = monitors();
  return { ...monitor, spec: { ...monitor.spec, ...spec } };
};

test('each endpoint is asked with its own token, at its own path', () => {
  const configs = monitors().flatMap((monitor) => scrapeConfigs(monitor, access));
  const asked = (name: string, index: number, path: string, of: string) => ({
    job_name: `serviceMonitor/oscar/${name}/${index}`,
    metrics_path: path,
    authorization: { type: 'Bearer', credentials: `token of ${of}` },
    kubernetes_sd_configs: [
      { role: 'endpointslice', kubeconfig_file: '/kubeconfig', namespaces: { names: ['oscar'] } },
    ],
  });
  expect(configs).toHaveLength(3);
  expect(configs).toMatchObject(
    expect.arrayContaining(
      [
        asked('oscar-manager', 0, '/metrics', 'oscar-manager-metrics'),
        asked('oscar-minio', 0, '/minio/v2/metrics/cluster', 'oscar-minio-metrics'),
        asked('oscar-minio', 1, '/minio/v2/metrics/node', 'oscar-minio-metrics'),
      ].map((config) => expect.objectContaining(config)),
    ),
  );
});

test("the store's pods are asked by one Service, and its two endpoints are told apart", () => {
  const minio = monitors().find(({ metadata }) => metadata.name === 'oscar-minio')!;
  const [{ relabel_configs: relabelings }] = scrapeConfigs(minio, access) as [{ relabel_configs: object[] }];
  expect(relabelings).toContainEqual({
    action: 'keep',
    source_labels: [
      '__meta_kubernetes_service_label_app_kubernetes_io_component',
      '__meta_kubernetes_service_labelpresent_app_kubernetes_io_component',
    ],
    regex: '(minio);true',
  });
  expect(relabelings).toContainEqual({
    action: 'drop',
    source_labels: ['__meta_kubernetes_service_labelpresent_oscar_cdk8s_peers'],
    regex: 'true',
  });
  expect(relabelings.at(-1)).toEqual({ source_labels: ['__metrics_path__'], target_label: 'metrics_path' });
});

test('what is not translated is refused', () => {
  const { endpoints } = monitors()[0].spec;
  const withHonor = [{ ...endpoints[0], honorLabels: true }];
  const dropped = [{ ...endpoints[0], relabelings: [{ sourceLabels: ['a'], targetLabel: 'b', action: 'drop' }] }];
  const exists = { matchExpressions: [{ key: 'a', operator: 'Exists' }] };
  expect(() => scrapeConfigs(changed({ jobLabel: 'a' }), access)).toThrow('no translation of jobLabel');
  expect(() => scrapeConfigs(changed({ endpoints: withHonor }), access)).toThrow('no translation of honorLabels');
  expect(() => scrapeConfigs(changed({ endpoints: dropped }), access)).toThrow('no translation of the action drop');
  expect(() => scrapeConfigs(changed({ selector: exists }), access)).toThrow('no translation of the operator Exists');
});
