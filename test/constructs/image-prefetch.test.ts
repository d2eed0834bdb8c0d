import { platform, synthesize } from './service-fixture';

const wait = { name: 'wait-for-supervisor', image: 'node' };

test('every node that may run the service pulls its image, whatever is in it', () => {
  const on = platform();
  const { DaemonSet } = synthesize({
    platform: { ...on, supervisor: { ...on.supervisor, initContainers: [wait] } },
    imagePrefetch: true,
    nodeSelector: { gpu: 'a100' },
    tolerations: [{ operator: 'Exists' }],
    imagePullSecrets: ['registry'],
    runtimeClassName: 'nvidia',
  });
  const { metadata, spec } = DaemonSet.spec.template;
  expect(DaemonSet.metadata).toMatchObject({ name: 'cowsay-prefetch', namespace: 'oscar-svc' });
  expect(metadata.labels).toMatchObject(DaemonSet.spec.selector.matchLabels);
  expect(spec).toMatchObject({
    automountServiceAccountToken: false,
    nodeSelector: { gpu: 'a100', 'kubernetes.io/os': 'linux' },
    tolerations: [{ operator: 'Exists' }],
    imagePullSecrets: [{ name: 'registry' }],
    runtimeClassName: 'nvidia',
  });
  expect(spec.initContainers[0]).toEqual(wait);
  const [, pull] = spec.initContainers;
  expect(pull).toMatchObject({ image: 'ghcr.io/grycap/cowsay', imagePullPolicy: 'Always' });
  expect(pull.command.at(-1)).toBe('--version');
  expect(pull.securityContext).toMatchObject({ runAsNonRoot: true, readOnlyRootFilesystem: true });
  expect(pull.volumeMounts[0].mountPath).toBe('/oscar/bin');
  expect(spec.containers[0].name).toBe('pause');
});

test('its pods are neither the Service’s nor the policy’s', () => {
  const { DaemonSet, NetworkPolicy, Service } = synthesize({ imagePrefetch: true });
  const { labels } = DaemonSet.spec.template.metadata;
  expect(labels['app.kubernetes.io/component']).toBe('prefetch');
  expect(Service.spec.selector['app.kubernetes.io/component']).toBe('service');
  expect(NetworkPolicy.spec.podSelector.matchExpressions[0].values).not.toContain('prefetch');
});
