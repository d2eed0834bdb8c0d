import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { ServiceDefinition, SUPERVISOR_PORT } from '../../../contract';
import { secondsSince } from '../../common/elapsed';
import { HttpError } from '../http/answer';
import type { Exchange, Route } from '../http/route';
import type { Metrics } from '../metrics';
import type { WarmPod } from '../state/warm-pods';
import { askPod, NoAnswer } from './ask-pod';
import { CallBody } from './call-body';
import type { Calls } from './calls';
import { typeForSupervisor } from '../http/content-type';
import { endToEnd } from './headers';
import { passOn } from './pass-on';
import { Waiting, WaitingOptions } from './waiting';

export interface RunOptions extends WaitingOptions {
  readonly calls: Calls;
  readonly maxBodyBytes: number;
  readonly metrics: Metrics;
  /** Of the pods. @default SUPERVISOR_PORT */
  readonly port?: number;
}

/** `POST /run/<service>`: a pod of the service answers. */
export function runRoutes(options: RunOptions): Route[] {
  const runner = new Runner(options);
  return [{ method: 'POST', path: '/run/:service', access: 'service', handle: (exchange) => runner.run(exchange) }];
}

/** A call that looks for a pod. */
interface Call {
  readonly definition: ServiceDefinition;
  readonly headers: OutgoingHttpHeaders;
  readonly body: CallBody;
  readonly signal: AbortSignal;
  /** Until then it may wait for pods and try them, as `performance.now()` tells it. */
  readonly deadline: number;
  /** Names of pods that it came to in vain. */
  readonly inVain: Set<string>;
  /** Of `Calls`. */
  readonly turn: number;
  /** How many pods were too full for it, since it last waited. */
  refusals: number;
}

/** What a script mustn't see: whose login it was. The rest is about our connection with the client. */
const NOT_FOR_PODS = ['authorization', 'host', 'expect'];
/** When every pod that is known has been tried. */
const TRY_AGAIN_MS = 500;
/** So many pods are asked that may be full: all of them would make a flood larger. */
const REFUSALS = 3;
/** Calls of a service that may wait for room in its pods. */
const MOST_WAITING = 100;

class Runner {
  private readonly waiting: Waiting;
  private readonly calls: Calls;

  constructor(private readonly options: RunOptions) {
    this.waiting = new Waiting(options);
    this.calls = options.calls;
  }

  async run(exchange: Exchange): Promise<void> {
    const { request, parameters, signal } = exchange;
    const definition = this.definition(parameters.service);
    const type = request.headers['content-type'];
    const call: Call = {
      definition,
      headers: endToEnd(request, typeForSupervisor(type) === type ? NOT_FOR_PODS : [...NOT_FOR_PODS, 'content-type']),
      body: new CallBody(request, this.options.maxBodyBytes),
      signal,
      deadline: performance.now() + this.options.coldStartSeconds * 1000,
      inVain: new Set(),
      turn: this.calls.nextTurn(),
      refusals: 0,
    };
    const end = this.calls.begin(definition.name);
    try {
      await this.forward(call, exchange);
    } catch (error) {
      // Nobody is there any more who could be told.
      if (!signal.aborted) throw error;
    } finally {
      end();
    }
  }

  private definition(service: string): ServiceDefinition {
    const definition = this.options.services.all.get(service);
    if (!definition) throw new HttpError(404, `there is no service ${service}`);
    if (!definition.expose) return definition;
    const place = `/system/services/${service}/exposed`;
    const reason = `${service} is exposed: it is a server of its own, reached through the platform's route at ${place}`;
    throw new HttpError(404, reason);
  }

  private async forward(call: Call, { request, response, signal }: Exchange): Promise<void> {
    const { metrics, warmPods, log } = this.options;
    const { name } = call.definition;
    if (warmPods.ready(name).length === 0) {
      const from = performance.now();
      await this.waiting.untilReady(name, call.deadline, signal);
      metrics.step('cold_start', secondsSince(from));
    }
    const from = performance.now();
    const answer = await this.answer(call);
    const passed = await passOn(answer, request, response);
    this.calls.answered(name);
    if (passed === 'whole' && answer.statusCode! < 400) metrics.step('run', secondsSince(from));
    if (passed === 'broken') log('warning', `${name}: an answer broke off in the middle`, { service: name });
  }

  /**
   * Tries pods until one answers. A call goes to another pod only while no script can have begun for it: none may run
   * twice without anybody knowing.
   */
  private async answer(call: Call): Promise<IncomingMessage> {
    const { name } = call.definition;
    for (;;) {
      await this.waiting.untilReady(name, call.deadline, call.signal);
      const pod = call.refusals < REFUSALS ? this.choose(call) : undefined;
      if (pod) {
        const answer = await this.ask(pod, call);
        if (answer) return answer;
      } else {
        if (call.refusals > 0) await this.calls.untilRoom(name, TRY_AGAIN_MS, call.signal);
        else await this.waiting.aMoment(name, TRY_AGAIN_MS, call.signal);
        call.inVain.clear();
        call.refusals = 0;
      }
    }
  }

  private choose({ definition, inVain, turn }: Call): WarmPod | undefined {
    const pods = this.options.warmPods.ready(definition.name).filter((pod) => !inVain.has(pod.name));
    return this.calls.leastBusy(pods, turn);
  }

  /** @returns nothing when the call is to go to another pod */
  private async ask(pod: WarmPod, call: Call): Promise<IncomingMessage | undefined> {
    call.inVain.add(pod.name);
    const { headers, body, signal, definition } = call;
    const { port = SUPERVISOR_PORT } = this.options;
    const { timeoutSeconds } = definition.invocation;
    const onEnd = this.calls.beginAt(pod);
    try {
      const answer = await askPod({ pod, port, headers, body, timeoutSeconds, signal, onEnd });
      if (!this.goesElsewhere(answer, call)) return answer;
      answer.destroy();
    } catch (error) {
      if (!(error instanceof NoAnswer) || signal.aborted) throw error;
      if (error.mayRepeat && performance.now() < call.deadline) return undefined;
      // Where it may be repeated, no script has begun.
      throw new HttpError(error.mayRepeat ? 503 : 502, error.message, error.mayRepeat ? { 'retry-after': '5' } : {});
    }
    return undefined;
  }

  /** Of an answer that is none of a script: the pod ends, is full, or is another service's. */
  private goesElsewhere({ statusCode, headers }: IncomingMessage, call: Call): boolean {
    if (call.body.begun || headers['x-invocation-id'] !== undefined || performance.now() >= call.deadline) return false;
    return statusCode === 429 ? this.hold(call) : statusCode === 503 || statusCode === 421;
  }

  /**
   * Pods are full: the call waits for room, here or in a pod that the autoscaler starts, as one waits that comes to a
   * service that sleeps.
   * @returns false when too many wait
   */
  private hold(call: Call): boolean {
    call.refusals++;
    return this.calls.waitingFor(call.definition.name) < MOST_WAITING;
  }
}
