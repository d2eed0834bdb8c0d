/** One alert. Each has a heading of its name in docs/OPERATIONS.md. */
export interface AlertRule {
  readonly name: string;
  /** `critical`: files or calls are not served now. `warning`: they may not be soon, or some are not. */
  readonly severity: 'critical' | 'warning';
  /** PromQL; what it gives is labelled at least with the `namespace`. */
  readonly expr: string;
  /** How long it has to hold, in Prometheus' notation. @default it tells at once */
  readonly for?: string;
  /** What is the matter, in a line: a template of Prometheus. */
  readonly summary: string;
  /** What follows from it. */
  readonly description: string;
}
