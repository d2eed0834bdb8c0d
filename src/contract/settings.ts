/** Settings of the platform's programs: one JSON file each (`SETTINGS_DIR/SETTINGS_KEY`). No secret is in them. */

export interface ManagerSettings {
  readonly name: string;
  readonly namespace: string;
  readonly servicesNamespace: string;
  readonly environment?: { readonly name: string; readonly version: string };
  readonly minio: { readonly endpoint: string; readonly region: string; readonly verify: boolean };
  /** Where bodies go that no environment variable holds. */
  readonly bodiesBucket: string;
  /** Where supervisors leave completion records (`recordsBucket`). */
  readonly recordsBucket: string;
  /** Largest request body, in bytes. */
  readonly maxBodyBytes: number;
  /** A warm Deployment with `min_scale: 0` goes back to 0 after so long without a request, in seconds. */
  readonly idleSeconds: number;
  /** How long a request may wait for the first pod, in seconds. */
  readonly coldStartSeconds: number;
  /** Origins that browsers may call from; empty: CORS is off. */
  readonly corsOrigins: readonly string[];
}
