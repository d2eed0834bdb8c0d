import type { ManagerSettings } from '../../../contract';
import type { MountedSecrets } from '../../common/mounted-secrets';
import type { ServiceTokens } from '../auth/service-tokens';
import type { KubernetesApi } from '../kubernetes/api';
import type { Metrics } from '../metrics';
import type { Jobs } from '../state/jobs';
import type { Services } from '../state/services';
import type { WarmPods } from '../state/warm-pods';

/** What the routes under `/system` and the page are made of. */
export interface SystemOptions {
  readonly settings: ManagerSettings;
  readonly services: Services;
  readonly jobs: Jobs;
  readonly warmPods: WarmPods;
  readonly api: Pick<KubernetesApi, 'call' | 'stream'>;
  readonly secrets: Pick<MountedSecrets, 'get'>;
  readonly tokens: Pick<ServiceTokens, 'of'>;
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>;
}
