import type { MonitoredParts } from '../../src/constructs/platform-metrics';

/** A platform `p`, with everything that can be told of. */
export const PARTS: Required<MonitoredParts> = {
  namespace: 'here',
  servicesNamespace: 'there',
  manager: 'p-manager',
  store: 'p-minio',
  provisioner: 'p-provisioner',
  sweep: 'p-sweep',
  supervisorInstaller: 'p-supervisor-installer',
};
