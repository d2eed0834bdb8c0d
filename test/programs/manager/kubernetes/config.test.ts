import { kubeConfig } from '../../../../src/programs/manager/kubernetes/config';

test('outside a cluster and without a kubeconfig it says so', () => {
  expect(() => kubeConfig({})).toThrow(
    /not in a cluster: KUBERNETES_SERVICE_HOST is not set, and neither is KUBECONFIG/,
  );
});
