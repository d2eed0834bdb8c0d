import { failureStatus } from './status';

/** Which calls are to go wrong. */
export interface Which {
  readonly method?: string;
  /** Of path and query. */
  readonly path?: RegExp;
  /** The first so many calls. @default 1 */
  readonly times?: number;
}

export interface StatusFault {
  readonly status: number;
  /** Header `Retry-After`. @default 1 for 429 */
  readonly retryAfterSeconds?: number;
}

type Act =
  | { readonly kind: 'status'; readonly fault: StatusFault }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'drop' | 'drop-after' };

interface Rule {
  readonly which: Which;
  readonly act: Act;
  left: number;
}

/** What goes wrong on the way, or while the server restarts. */
export interface ServerFaults {
  readonly breakWatches: (how: 'end' | 'destroy') => void;
  readonly expireHistory: () => void;
  readonly refuse: (ms: number) => Promise<void>;
}

/** What is to go wrong. Of several rules for a call, each is applied: it may be slow and then fail. */
export class Faults {
  private rules: Rule[] = [];

  constructor(private readonly server: ServerFaults) {}

  /** Answers a failure instead of doing anything: 409, 429, 500, 503 … */
  answer(which: Which, fault: StatusFault | number): void {
    this.add(which, { kind: 'status', fault: typeof fault === 'number' ? { status: fault } : fault });
  }

  /** Answers late; the call is done late, too. */
  delay(which: Which, ms: number): void {
    this.add(which, { kind: 'delay', ms });
  }

  /** Breaks the connection before anything is done. */
  drop(which: Which): void {
    this.add(which, { kind: 'drop' });
  }

  /** Does what is asked and breaks the connection without an answer: the server restarts after it stored. */
  dropAfter(which: Which): void {
    this.add(which, { kind: 'drop-after' });
  }

  /** @param how `end`: as when their time is over; `destroy`: in the midst of it */
  breakWatches(how: 'end' | 'destroy' = 'destroy'): void {
    this.server.breakWatches(how);
  }

  /** Whoever wants to watch, or go on with a list, from before now is told that this is too old. */
  expireHistory(): void {
    this.server.expireHistory();
  }

  /** Nobody gets a connection for so long, and those that are open break. @returns when it is over */
  refuse(ms: number): Promise<void> {
    return this.server.refuse(ms);
  }

  clear(): void {
    this.rules = [];
  }

  /** What is to happen to this call; it counts as one of the rules' times. */
  take(method: string, url: string): readonly Act[] {
    if (this.rules.length === 0) return [];
    const taken = this.rules.filter(({ which }) => {
      if (which.method && which.method !== method) return false;
      return !which.path || url.search(which.path) >= 0;
    });
    for (const rule of taken) rule.left--;
    this.rules = this.rules.filter(({ left }) => left > 0);
    return taken.map(({ act }) => act);
  }

  private add(which: Which, act: Act): void {
    this.rules.push({ which, act, left: which.times ?? 1 });
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  422: 'Invalid',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

const MESSAGES: Readonly<Record<number, string>> = {
  409: 'Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again',
  500: 'Internal error occurred: etcdserver: leader changed',
  503: 'the server is currently unable to handle the request',
  504: 'Timeout: request did not complete within the allotted time',
};

export interface FaultAnswer {
  readonly body: object | string;
  readonly headers: Record<string, string>;
}

export function answerOfFault({
  status,
  retryAfterSeconds = status === 429 ? 1 : undefined,
}: StatusFault): FaultAnswer {
  const headers: Record<string, string> = {};
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds);
  // Fairness turns calls away before anything makes a Status of it.
  if (status === 429) return { body: 'Too many requests, please try again later.\n', headers };
  const message = MESSAGES[status] ?? 'a fault that a test asked for';
  return { body: failureStatus({ code: status, reason: REASONS[status], message }), headers };
}
