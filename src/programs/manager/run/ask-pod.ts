import { ClientRequest, IncomingMessage, OutgoingHttpHeaders, request as send } from 'node:http';
import { SERVICE_HEADER } from '../../../contract';
import { HttpError } from '../http/answer';
import type { WarmPod } from '../state/warm-pods';
import type { CallBody } from './call-body';

export interface Question {
  readonly pod: WarmPod;
  readonly port: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: CallBody;
  /** The service's time limit. */
  readonly timeoutSeconds: number;
  /** Aborted when the client goes away, which ends the script too. */
  readonly signal: AbortSignal;
  /** Is called when the pod has nothing to do with it any more. */
  readonly onEnd: () => void;
}

/** A pod gave no answer. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  constructor(
    message: string,
    /** The script can't have begun: the call may go to another pod. */
    readonly mayRepeat: boolean,
  ) {
    super(message);
  }
}

const CONNECT_MS = 3_000;
/** A pod says that it takes a body at once; what says nothing is sent the body anyway. */
const CONTINUE_MS = 1_000;
/** A client that sends nothing of its body for so long has given up. */
const CLIENT_MS = 60_000;
/**
 * The supervisor ends a script at its time limit. A call may wait in the pod's line for as long before that, and so much
 * more is for staging.
 */
const MARGIN_SECONDS = 30;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Asks a pod, by a connection of its own, until its answer begins. The pod is asked first whether it takes the body
 * (`Expect: 100-continue`): one that is full or ends says so before any of it is used, and no script runs without it.
 * @throws NoAnswer; HttpError 413, 408 or 504 when the body is too large or somebody takes too long
 */
export function askPod(question: Question): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => new PodRequest(question, resolve, reject));
}

class PodRequest {
  private readonly request: ClientRequest;
  private isConnected = false;
  private isAnswered = false;
  private timer: NodeJS.Timeout | undefined;
  private endSending = () => {};

  constructor(
    private readonly question: Question,
    private readonly resolve: (answer: IncomingMessage) => void,
    private readonly reject: (error: Error) => void,
  ) {
    const { pod, port, headers, body, signal } = question;
    this.request = send({
      host: pod.ip,
      port,
      method: 'POST',
      path: '/',
      agent: false,
      signal,
      headers: {
        ...headers,
        [SERVICE_HEADER]: pod.service,
        ...(body.isEmpty ? { 'content-length': 0 } : { expect: '100-continue' }),
      },
    });
    this.request
      .once('socket', (socket) => socket.once('connect', this.onConnect))
      .once('continue', this.sendBody)
      .once('response', this.onAnswer)
      .on('error', this.onError)
      .once('close', () => {
        this.stop();
        // Without an answer, and without an error: a pod that wants another protocol (101).
        this.reject(new NoAnswer(`the pod ${pod.name} gave no answer`, false));
        question.onEnd();
      });
    this.wait(CONNECT_MS, () => this.request.destroy(new Error(`no connection in ${CONNECT_MS / 1000} s`)));
    if (body.isEmpty) this.request.end();
    else this.request.flushHeaders();
  }

  private onConnect = () => {
    this.isConnected = true;
    if (this.question.body.isEmpty) this.waitFor('pod');
    else this.wait(CONTINUE_MS, this.sendBody);
  };

  private sendBody = () => {
    const { body } = this.question;
    if (body.begun || body.isEmpty) return;
    this.endSending = body.sendTo(this.request, { onWait: this.waitFor, onTooLarge: this.fail });
  };

  /** Whoever answers while the body still comes may want the rest of it. */
  private onAnswer = (answer: IncomingMessage) => {
    clearTimeout(this.timer);
    this.isAnswered = true;
    this.resolve(answer);
  };

  private onError = (error: Error) => {
    const { body, pod } = this.question;
    const mayRepeat = !this.isConnected || (!body.isEmpty && !body.begun);
    this.stop();
    this.reject(new NoAnswer(`the pod ${pod.name} gave no answer: ${error.message}`, mayRepeat));
  };

  private waitFor = (whom: 'client' | 'pod') => {
    if (this.isAnswered) return;
    if (whom === 'client') {
      const late = `nothing came of the body for ${CLIENT_MS / 1000} s`;
      this.wait(CLIENT_MS, () => this.fail(new HttpError(408, late)));
    } else {
      const { pod, timeoutSeconds } = this.question;
      const seconds = 2 * timeoutSeconds + MARGIN_SECONDS;
      const late = `the pod ${pod.name} gave no answer in ${seconds} s; the service's time limit is ${timeoutSeconds} s`;
      this.wait(seconds * 1000, () => this.fail(new HttpError(504, late)));
    }
  };

  private fail = (error: HttpError) => {
    this.stop();
    this.reject(error);
    this.request.destroy();
  };

  private wait(ms: number, onLate: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(onLate, Math.min(ms, LONGEST_TIMER_MS));
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.endSending();
    this.endSending = () => {};
  }
}
