import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import type { HttpError } from '../http/answer';
import { checkLength, tooLong } from '../http/body';

export interface Sending {
  /** Is told whom the body waits for, again with each part of it. */
  readonly onWait: (whom: 'client' | 'pod') => void;
  readonly onTooLarge: (error: HttpError) => void;
}

/** The body of a call. None of it is read before it can be sent: a client that waits for a pod keeps its bytes. */
export class CallBody {
  readonly isEmpty: boolean;
  private isBegun = false;

  /** @throws HttpError 413 when its length is declared, and too much */
  constructor(
    private readonly request: IncomingMessage,
    private readonly maxBytes: number,
  ) {
    checkLength(request, maxBytes);
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    this.isEmpty = encoding === undefined && Number(length ?? 0) === 0;
  }

  /** Some of it may have been sent: it can't be sent again. */
  get begun(): boolean {
    return this.isBegun;
  }

  /** Sends all of it, at the pace at which the pod takes it. @returns what ends that; what is left is thrown away then */
  sendTo(pod: Writable, { onWait, onTooLarge }: Sending): () => void {
    const { request, maxBytes } = this;
    let bytes = 0;
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) return onTooLarge(tooLong(maxBytes));
      if (pod.write(chunk)) return onWait('client');
      request.pause();
      onWait('pod');
    };
    const goOn = () => {
      onWait('client');
      request.resume();
    };
    const finish = () => {
      onWait('pod');
      pod.off('drain', goOn).end();
    };
    this.isBegun = true;
    onWait('client');
    pod.on('drain', goOn);
    request.on('data', take).once('end', finish);
    return () => {
      pod.off('drain', goOn);
      request.off('data', take).off('end', finish).resume();
    };
  }
}
