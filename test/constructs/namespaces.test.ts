import { KEEP_ANNOTATIONS, KEEP_LABEL } from '../../src/contract';
import { Namespaces } from '../../src/constructs/namespaces';
import { manifests, only } from '../support/platform';

const objects = manifests(
  (chart) => new Namespaces(chart, 'namespaces', { name: 'p', namespace: 'p', servicesNamespace: 'p-svc' }),
);

test.each([
  ['p', 'restricted'],
  ['p-svc', 'baseline'],
])('%s enforces %s, warns of nothing stricter, and is never pruned', (name, level) => {
  const { labels, annotations } = only(objects, 'Namespace', name).metadata;
  const security = Object.entries(labels).filter(([key]) => key.startsWith('pod-security.kubernetes.io/'));
  expect(Object.fromEntries(security)).toEqual({
    'pod-security.kubernetes.io/enforce': level,
    'pod-security.kubernetes.io/enforce-version': 'latest',
    'pod-security.kubernetes.io/warn': level,
    'pod-security.kubernetes.io/warn-version': 'latest',
    'pod-security.kubernetes.io/audit': level,
    'pod-security.kubernetes.io/audit-version': 'latest',
  });
  expect(labels[KEEP_LABEL]).toBe('true');
  expect(annotations).toEqual(KEEP_ANNOTATIONS);
});
