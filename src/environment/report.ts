import { Finding } from '../constructs/errors';
import { EnvironmentError, LocatedFinding } from './findings';
import { origin, Stack } from './layers';
import type { Source } from './source';

/** What is reported: a finding, where it stands not yet known. */
export type Problem = Omit<Finding, 'service'> & {
  /** It is about the field's name rather than its value. */
  readonly key?: boolean;
};

/** Gathers the findings of one load, so that all of them are told at once. */
export class Report {
  private readonly findings: LocatedFinding[] = [];

  /** @param first file whose findings are told first */
  constructor(
    private readonly strict: boolean,
    private readonly first: string,
  ) {}

  error(stack: Stack, problem: Problem, service?: string): void {
    this.findings.push(located(stack, problem, 'error', service));
  }

  /** An error when the load is strict. */
  warning(stack: Stack, problem: Problem, service?: string): void {
    this.findings.push(located(stack, problem, this.strict ? 'error' : 'warning', service));
  }

  /** Does `load`; an error that it throws is one of the findings, and nothing comes back. */
  try<T>(load: () => T): T | undefined {
    try {
      return load();
    } catch (error) {
      if (!(error instanceof EnvironmentError)) throw error;
      this.findings.push(...error.findings);
      return undefined;
    }
  }

  /** @throws EnvironmentError with everything that was found, when there is an error among it */
  throwIfErrors(): void {
    if (this.findings.some(({ severity }) => severity === 'error')) throw new EnvironmentError(this.all());
  }

  /** File by file, line by line. */
  all(): LocatedFinding[] {
    const order = [...new Set([this.first, ...this.findings.map(({ file }) => file)])];
    const rank = ({ file, line = 0, column = 0 }: LocatedFinding) => [order.indexOf(file), line, column] as const;
    return [...this.findings].sort((a, b) => {
      const [x, y] = [rank(a), rank(b)];
      return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
    });
  }
}

/** The problem, with the place in whichever file its field comes from. */
export function located(
  stack: Stack,
  { key = false, ...finding }: Problem,
  severity: LocatedFinding['severity'],
  service?: string,
): LocatedFinding {
  const { layer, path } = origin(stack, finding.field ?? []);
  const { source } = layer;
  const place = source.place(path, key);
  return { severity, ...finding, ...(service === undefined ? {} : { service }), file: source.file, ...place };
}

/** A stack of one whole source. */
export const whole = (source: Source): Stack => [{ source, at: [], value: source.value }];
