import { ClientRequest, createServer, IncomingHttpHeaders, IncomingMessage, request, Server } from 'node:http';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ServiceDefinition } from '../../../../src/contract';
import { HttpError, sendText } from '../../../../src/programs/manager/http/answer';
import type { Metrics } from '../../../../src/programs/manager/metrics';
import { Calls } from '../../../../src/programs/manager/run/calls';
import { runRoutes, RunOptions } from '../../../../src/programs/manager/run/routes';
import { WarmPods } from '../../../../src/programs/manager/state/warm-pods';
import { definition, known } from '../services';
import { FakePod } from './fake-pod';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A manager's `/run` before pods of the loopback network; Kubernetes is the test. */
export class World {
  readonly warmPods = new WarmPods();
  readonly calls = new Calls();
  readonly services = known();
  readonly log = jest.fn();
  readonly step = jest.fn();
  /** What was asked of Kubernetes. */
  readonly scale = jest.fn(async (service: string, replicas: number): Promise<void> => {
    this.warmPods.onDeployment(service, { service, replicas });
  });
  podPort = 0;
  /** Connections of clients. */
  clients = 0;
  /** Calls that have come. */
  taken = 0;
  private readonly pods: FakePod[] = [];
  private front!: Server;

  /** With a service cowsay that may sleep, and has `pods` pods. */
  static async with(pods: number, options: Partial<RunOptions> = {}): Promise<World> {
    const world = new World();
    world.declare('cowsay', {});
    world.warmPods.onDeployment('cowsay', { service: 'cowsay', replicas: pods });
    for (let i = 0; i < Math.max(pods, 1); i++) await world.addPod(i < pods);
    await world.open(options);
    return world;
  }

  declare(name: string, more: Partial<ServiceDefinition>): void {
    const other = known(definition(name, more)).all.get(name)!;
    (this.services.all as Map<string, ServiceDefinition>).set(name, other);
  }

  pod(number: number): FakePod {
    return this.pods[number];
  }

  /** The next pod: its server runs, whether it is ready or not. */
  async addPod(ready = true, service = 'cowsay'): Promise<FakePod> {
    const number = this.pods.length;
    const pod = new FakePod(`${service}-${number}`, `127.0.0.${number + 2}`);
    this.podPort = await pod.listen(this.podPort);
    this.pods.push(pod);
    if (ready) this.tell(pod, true);
    return pod;
  }

  /** What Kubernetes tells of a pod. */
  tell({ name, ip }: FakePod, ready: boolean, more: { waiting?: string; service?: string } = {}): void {
    this.warmPods.onPod(name, { name, ip, ready, service: 'cowsay', ...more });
  }

  /** A pod of which nobody answers. */
  tellDead(name: string, ip = '127.0.0.99'): void {
    this.warmPods.onPod(name, { name, ip, ready: true, service: 'cowsay' });
  }

  async close(): Promise<void> {
    this.front.closeAllConnections();
    await new Promise((resolve) => this.front.close(resolve));
    await Promise.all(this.pods.map((pod) => pod.stop()));
  }

  get port(): number {
    return (this.front.address() as AddressInfo).port;
  }

  /** A request whose body the test sends. */
  begin(headers: OutgoingHttpHeaders = {}, service = 'cowsay'): ClientRequest {
    const path = `/run/${service}`;
    return request({ host: '127.0.0.1', port: this.port, path, method: 'POST', headers, agent: false }).on(
      'error',
      () => {},
    );
  }

  async call(body = 'moo', headers: OutgoingHttpHeaders = {}, service = 'cowsay'): Promise<Answer> {
    const sent = this.begin(headers, service);
    const answer = answerOf(sent);
    sent.end(body);
    return answer;
  }

  private async open(options: Partial<RunOptions>): Promise<void> {
    const [route] = runRoutes({
      services: this.services,
      warmPods: this.warmPods,
      scale: this.scale,
      coldStartSeconds: 20,
      maxBodyBytes: 1024 ** 3,
      calls: this.calls,
      metrics: { step: this.step } as unknown as Metrics,
      log: this.log,
      port: this.podPort,
      ...options,
    });
    this.front = createServer((request, response) => {
      this.taken++;
      void serve(route, request, response);
    });
    this.front.on('connection', (socket) => {
      this.clients++;
      socket.once('close', () => this.clients--);
    });
    await new Promise<void>((resolve) => this.front.listen(0, '127.0.0.1', resolve));
  }
}

async function serve(
  { handle }: ReturnType<typeof runRoutes>[number],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => !response.writableFinished && gone.abort());
  const { pathname, searchParams: query } = new URL(request.url!, 'http://manager');
  const parameters = { service: pathname.split('/')[2] };
  try {
    await handle({ request, response, parameters, query, caller: { kind: 'admin' }, signal: gone.signal });
  } catch (error) {
    const { status, message, headers } = error instanceof HttpError ? error : new HttpError(500, String(error));
    if (!response.destroyed) sendText(response, status, message, headers);
  }
}

export async function answerOf(sent: ClientRequest): Promise<Answer> {
  const answer = await begunAnswerOf(sent);
  return { status: answer.statusCode!, headers: answer.headers, body: await text(answer) };
}

export function begunAnswerOf(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => sent.once('response', resolve).once('error', reject));
}
