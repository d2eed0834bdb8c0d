import { synthesize } from './service-fixture';

test.each([
  [{}, false],
  [{ minScale: 1, maxScale: 1 }, false],
  [{ maxScale: 2 }, true],
])('scale %j: warm pods are spread over hosts: %p', (synchronous, spread) => {
  const { Deployment, PodTemplate } = synthesize({ synchronous });
  const { affinity, topologySpreadConstraints } = Deployment.spec.template.spec;
  expect(affinity !== undefined).toBe(spread);
  if (spread) expect(topologySpreadConstraints[0].labelSelector).toEqual(Deployment.spec.selector);
  // Jobs have nothing to lose by sharing a host.
  expect(PodTemplate.template.spec).not.toHaveProperty('affinity');
});

test('a warm pod is asked for its liveness apart from its readiness', () => {
  const [container] = synthesize({}).Deployment.spec.template.spec.containers;
  expect(container.readinessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
  expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz?live', port: 'http' });
});
