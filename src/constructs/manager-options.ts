import { checkInteger, checkSubdomain } from './checks';
import { DeclarationError } from './errors';
import type { ResourceProps } from './resources';
import type { RouteProps } from './route';

/** What may be chosen of the manager. */
export interface ManagerOptions {
  /** Pods, 1 to 100. @default 2 */
  readonly replicas?: number;
  /** @default cpu '100m' (limit '1'), memory '128Mi' (limit '512Mi') */
  readonly resources?: ResourceProps;
  /** @default reached inside the cluster only */
  readonly route?: RouteProps;
  /** Largest request body, in bytes. @default 104857600 (100 MiB) */
  readonly maxBodyBytes?: number;
  /** Seconds without a request until a service's warm pods go back to 0. @default 300 */
  readonly idleSeconds?: number;
  /** Seconds that a request may wait for a service's first pod. @default 120 */
  readonly coldStartSeconds?: number;
  /**
   * Origins that browsers may call from, e.g. `https://ui.example.org`; `*` is any. By the admin's login, which browsers
   * add by themselves, only pages of origins that are named may change anything: `*` names none.
   * @default none: CORS is off
   */
  readonly corsOrigins?: readonly string[];
  /** Secret (keys `username`, `password`) of the admin. @default `<name>-admin`, generated in the cluster */
  readonly adminSecretName?: string;
}

/** Throws `DeclarationError` on what Kubernetes or the manager would refuse. */
export function checkManagerOptions(props: ManagerOptions): void {
  const { replicas, maxBodyBytes, idleSeconds, coldStartSeconds, corsOrigins = [], adminSecretName } = props;
  const whole = (name: string, value: number | undefined, min: number, max: number, unit: string) => {
    if (value !== undefined) checkInteger({ field: ['manager', name] }, value, min, max, unit);
  };
  whole('replicas', replicas, 1, 100, 'pods');
  whole('maxBodyBytes', maxBodyBytes, 1, Number.MAX_SAFE_INTEGER, 'bytes');
  whole('idleSeconds', idleSeconds, 1, 86_400, 'seconds');
  whole('coldStartSeconds', coldStartSeconds, 1, 3_600, 'seconds');
  corsOrigins.forEach((origin, index) => checkOrigin(origin, index));
  if (adminSecretName !== undefined) checkSubdomain({ field: ['manager', 'adminSecretName'] }, adminSecretName);
}

function checkOrigin(origin: string, index: number): void {
  if (origin === '*' || /^https?:\/\/[^/?#@\s]+$/.test(origin)) return;
  throw new DeclarationError({
    problem: 'not an origin that a browser sends',
    field: ['manager', 'corsOrigins', index],
    value: origin,
    allowed: '"https://host[:port]", without a path or a "/" at its end, or "*"',
    fix: 'for example "https://ui.example.org"',
  });
}
