import type { ManagerSettings } from '../../../contract';
import { metricsToken } from '../../provisioner/metrics-token';
import { HttpClient, readText } from '../../supervisor/storage/http';
import type { MountedSecrets } from '../../common/mounted-secrets';

const PATH = '/minio/v2/metrics/cluster';
const TIMEOUT_MS = 5_000;

/** What is in the store. `error`: why that isn't known. */
export interface StoreUsage {
  readonly buckets_count: number;
  readonly total_objects: number;
  readonly error?: string;
}

/**
 * Asks MinIO for what it counts anyway, and so a while ago: to list all objects would take minutes. Other stores have
 * no such count.
 */
export async function storeUsage(
  { endpoint, verify }: ManagerSettings['minio'],
  secrets: Pick<MountedSecrets, 'get'>,
): Promise<StoreUsage> {
  const [user, password] = [secrets.get('minio/accessKey'), secrets.get('minio/secretKey')];
  if (!user || !password) return unknown("the manager has no login of the store's");
  const client = new HttpClient({ verify });
  try {
    const headers = { authorization: `Bearer ${metricsToken(user, password)}` };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await client.send({ method: 'GET', origin: new URL(endpoint).origin, path: PATH, headers, signal });
    const text = await readText(answer);
    if (answer.statusCode !== 200) return unknown(`the store's metrics can't be read: status ${answer.statusCode}`);
    return usageIn(text);
  } catch (error) {
    return unknown(`the store's metrics can't be read: ${(error as Error).message}`);
  } finally {
    client.close();
  }
}

const unknown = (error: string): StoreUsage => ({ buckets_count: 0, total_objects: 0, error });

/** @param text of Prometheus' format */
export function usageIn(text: string): StoreUsage {
  const buckets = total(text, 'minio_cluster_bucket_total');
  const objects = total(text, 'minio_cluster_usage_object_total') ?? total(text, 'minio_bucket_usage_object_total');
  // It counts in the background, and has not begun yet after its start.
  if (buckets === undefined && objects === undefined) return unknown('the store has not counted its objects yet');
  return { buckets_count: buckets ?? 0, total_objects: objects ?? 0 };
}

function total(text: string, metric: string): number | undefined {
  const lines = [...text.matchAll(new RegExp(`^${metric}(?:\\{[^\\n]*\\})? ([0-9.e+]+)`, 'gm'))];
  if (!lines.length) return undefined;
  return lines.reduce((sum, [, value]) => sum + Number(value), 0);
}
