import { readFileSync } from 'node:fs';
import { request, RequestOptions } from 'node:https';
import { join } from 'node:path';
import { ProgramError } from './fail';

const ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';
const TIMEOUT_MS = 10_000;

export interface KubernetesAnswer {
  readonly status: number;
  /** Parsed JSON, or the text when it is none. */
  readonly body: unknown;
}

/** The API server, as a pod's ServiceAccount sees it. */
export class KubernetesClient {
  /** @throws ProgramError outside a cluster. */
  static inCluster(env: NodeJS.ProcessEnv = process.env, accountDir: string = ACCOUNT_DIR): KubernetesClient {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
    if (!host) throw new ProgramError('not in a cluster: KUBERNETES_SERVICE_HOST is not set');
    return new KubernetesClient(host, Number(port), accountDir);
  }

  private constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly accountDir: string,
  ) {}

  /** @throws when the server can't be reached; any status is an answer. */
  async call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<KubernetesAnswer> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const options: RequestOptions = {
      host: this.host,
      port: this.port,
      path,
      method,
      timeout: TIMEOUT_MS,
      ca: this.account('ca.crt'),
      // Read each time: the kubelet renews it.
      headers: { authorization: `Bearer ${this.account('token').trim()}`, accept: 'application/json', ...length(json) },
    };
    return new Promise((resolve, reject) => {
      const sent = request(options, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: parse(Buffer.concat(parts).toString('utf8')) }),
        );
      });
      sent.on('timeout', () => sent.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
      sent.on('error', reject);
      sent.end(json);
    });
  }

  private account(file: string): string {
    try {
      return readFileSync(join(this.accountDir, file), 'utf8');
    } catch (error) {
      throw new ProgramError(`the ServiceAccount's ${file} can't be read: ${(error as Error).message}`);
    }
  }
}

function length(json: string | undefined) {
  return json === undefined
    ? {}
    : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(json)) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
