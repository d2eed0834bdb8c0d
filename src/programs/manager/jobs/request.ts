import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { JOB_VARIABLES } from '../../../contract';
import type { Log } from '../../common/log';
import { Queue } from '../../common/queue';
import { InvocationError } from '../../supervisor/failure';
import { checkEncoding, contentKind } from '../../supervisor/input/content-type';
import { HttpError, sendText } from '../http/answer';
import { checkLength, chunksOf, readUpTo } from '../http/body';
import { typeForSupervisor } from '../http/content-type';
import type { Exchange, Route } from '../http/route';
import type { Metrics } from '../metrics';
import type { Service, Services } from '../state/services';
import type { BodyStore } from './bodies';
import { longestValue } from './event-variable';
import { stampJob } from './stamp';
import { JobRefused, JobSubmitter, Postponed } from './submit';

export interface JobOptions {
  readonly services: Services;
  readonly submitter: JobSubmitter;
  readonly bodies: BodyStore;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly servicesNamespace: string;
  readonly maxBodyBytes: number;
}

/** Bodies that are stored at the same time: each takes up to 10 MiB of memory. */
const STORED_AT_ONCE = 8;
const WAITING = 64;

/**
 * `POST /job/<service>`: a Job of the body, whatever it is; the supervisor reads it as it reads the body of a `/run`.
 * Each request makes a Job of its own.
 */
export function jobRoute(options: JobOptions): Route {
  const requests = new JobRequests(options);
  return { method: 'POST', path: '/job/:service', access: 'service', handle: (exchange) => requests.take(exchange) };
}

class JobRequests {
  private readonly storing = new Queue(STORED_AT_ONCE, WAITING);

  constructor(private readonly options: JobOptions) {}

  async take(exchange: Exchange): Promise<void> {
    const { services, submitter, metrics, log, servicesNamespace, maxBodyBytes } = this.options;
    const { request, response, parameters, signal } = exchange;
    const service = services.get(parameters.service);
    if (!service) throw new HttpError(404, `no service ${parameters.service} is declared`);
    checkLength(request, maxBodyBytes);
    const name = `${service.name}-${randomBytes(10).toString('hex')}`;
    const variables = await this.variables(service, name, exchange);
    try {
      await submitter.submit(stampJob(service, name, servicesNamespace, { variables }), signal);
    } catch (error) {
      throw this.refusal(service.name, error);
    }
    metrics.jobStored(service.name);
    log('info', 'job stored', { service: service.name, job: name });
    sendText(response, 201, name);
  }

  /** What Kubernetes says tells of addresses, and repeats what is in the Job: that is for the log. */
  private refusal(service: string, error: unknown): unknown {
    const isFinal = error instanceof JobRefused;
    if (!isFinal && !(error instanceof Postponed)) return error;
    this.options.log('warning', 'job not stored', { service, reason: error.message });
    if (isFinal) return new HttpError(502, "Kubernetes refuses this Job for good: the manager's log says why");
    const headers = { 'retry-after': `${error.retryAfterSeconds}` };
    return new HttpError(503, 'Kubernetes does not take the Job now: try again later', headers);
  }

  /** A variable holds text of a bounded length without NUL; everything else goes through the store. */
  private async variables(
    service: Service,
    name: string,
    { request, signal }: Exchange,
  ): Promise<Record<string, string>> {
    const { bodies, maxBodyBytes } = this.options;
    const { 'content-type': type, 'content-encoding': encoding } = request.headers;
    checkHeaders(type, encoding);
    const told = typeForSupervisor(type);
    const contentType: Record<string, string> = told ? { [JOB_VARIABLES.eventContentType]: told } : {};
    const chunks = chunksOf(request);
    const { bytes, complete } = await readUpTo(chunks, longestValue(JOB_VARIABLES.event));
    if (complete && isUtf8(bytes) && !bytes.includes(0)) {
      return { ...contentType, [JOB_VARIABLES.event]: bytes.toString('utf8') };
    }
    const all = complete ? [bytes] : concat(bytes, chunks);
    const body = { chunks: iterate(all), limit: maxBodyBytes, signal };
    const object = await this.inTurn(signal, () => bodies.put(service.name, name, body));
    return { ...contentType, [JOB_VARIABLES.eventObject]: object };
  }

  /** A part of each body that is being stored is in memory. */
  private async inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { storing } = this;
    const ticket = storing.enter(signal);
    if (!ticket) {
      const retryAfter = `${storing.retryAfterSeconds()}`;
      throw new HttpError(503, 'too many long bodies are being stored', { 'retry-after': retryAfter });
    }
    try {
      if (!(await ticket.turn)) throw new HttpError(400, 'the client went away');
      return await work();
    } finally {
      ticket.leave();
    }
  }
}

/** What the supervisor refuses for its headers is refused at once, and not in a Job's log. */
function checkHeaders(type: string | undefined, encoding: string | undefined): void {
  try {
    checkEncoding(encoding, 'header Content-Encoding');
    contentKind(type, 'header Content-Type');
  } catch (error) {
    if (error instanceof InvocationError) throw new HttpError(400, error.message);
    throw error;
  }
}

async function* concat(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* iterate(chunks: Iterable<Buffer> | AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks;
}
