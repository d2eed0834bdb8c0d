import { join } from 'node:path';
import { run } from './process';

const SCRIPT = join(__dirname, 'manager-oscar-python.py');

/** What came of a call of the client. */
export interface Told {
  readonly status?: number;
  /** Status of what it raised an HTTPError for, or the name of another error. */
  readonly raised?: number | string;
  readonly text: string;
  /** What a call returns that returns no response. */
  readonly value?: any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

/** `oscar-python` as `install-oscar-python.sh` installed it. */
export class OscarPython {
  constructor(
    private readonly endpoint: string,
    private readonly login: { readonly user: string; readonly password: string },
  ) {}

  /** A call of the client, each in a process of its own. */
  call(method: string, args: readonly unknown[] = [], kwargs: object = {}): Promise<Told> {
    return this.ask({ storage: false, method, args, kwargs });
  }

  /** A call of its storage client. */
  storage(method: string, args: readonly string[], service?: string): Promise<Told> {
    return this.ask({ storage: true, service, method, args, kwargs: {} });
  }

  private async ask(call: object): Promise<Told> {
    const python = process.env.OSCAR_TEST_PYTHON;
    if (!python) throw new Error('OSCAR_TEST_PYTHON is not set. Fix: run the suite by its npm script');
    const options = { cluster_id: 'test', endpoint: this.endpoint, ssl: true, ...this.login };
    return JSON.parse(await run(python, [SCRIPT, JSON.stringify({ options, ...call })]));
  }
}
