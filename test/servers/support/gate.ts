import { once } from 'node:events';
import { AddressInfo, connect, createServer, Server, Socket } from 'node:net';

/** A request that is stopped on its way. */
interface Hold {
  /** On `METHOD /path?query`. */
  readonly request: RegExp;
  readonly direction: Direction;
  readonly bytes: number;
  reached(): void;
}

/** `up`: the request, `down`: its answer. */
type Direction = 'up' | 'down';

const REQUEST_LINE = /^(?:GET|HEAD|PUT|POST|DELETE) \S+(?= HTTP\/1\.1\r\n)/;

/** Stands before a store and, when it is told to, stops a transfer in the middle or slows all of them. */
export class Gate {
  /** Bytes a second, of each connection and direction. @default no limit */
  rate?: number;
  /** `METHOD /path?query` of what came, in its order. */
  readonly requests: string[] = [];
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly holds: Hold[] = [];

  private constructor(private readonly target: number) {
    this.server = createServer((client) => this.connect(client));
  }

  static async before(port: number): Promise<Gate> {
    const gate = new Gate(port);
    gate.server.listen(0, '127.0.0.1');
    await once(gate.server, 'listening');
    return gate;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /**
   * Stops the next request that matches once about so many bytes of it have passed: the head counts, 0 stops it whole.
   * Resolves then; nothing moves on that connection any more.
   */
  hold(request: RegExp, direction: Direction, bytes: number): Promise<void> {
    return new Promise((resolve) => this.holds.push({ request, direction, bytes, reached: resolve }));
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** As new: all that is held is cut, and nothing more is held. */
  reset(): void {
    this.rate = undefined;
    this.holds.length = 0;
    this.requests.length = 0;
    this.cut();
  }

  async close(): Promise<void> {
    this.reset();
    this.server.close();
    await once(this.server, 'close');
  }

  private connect(client: Socket): void {
    const store = connect(this.target, '127.0.0.1');
    let hold: Hold | undefined;
    let passed = { up: 0, down: 0 };
    const pass = (from: Socket, to: Socket, direction: Direction) => {
      this.sockets.add(from);
      const forward = (chunk: Buffer) => {
        const allowed = hold?.direction === direction ? hold.bytes - passed[direction] : Infinity;
        passed[direction] += chunk.length;
        const flows = to.write(chunk.subarray(0, Math.max(allowed, 0)));
        if (chunk.length >= allowed) {
          client.removeAllListeners('data').pause();
          store.removeAllListeners('data').pause();
          return hold!.reached();
        }
        if (flows && this.rate === undefined) return;
        from.pause();
        const goOn = () => from.resume();
        if (!flows) to.once('drain', goOn);
        else setTimeout(goOn, (chunk.length / this.rate!) * 1000);
      };
      from.on('data', (chunk: Buffer) => {
        const [line] = direction === 'up' ? (REQUEST_LINE.exec(chunk.toString('latin1')) ?? []) : [];
        if (line) {
          this.requests.push(line);
          passed = { up: 0, down: 0 };
          const index = this.holds.findIndex(({ request }) => request.test(line));
          hold = index < 0 ? undefined : this.holds.splice(index, 1)[0];
        }
        forward(chunk);
      });
      from.on('error', () => from.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    };
    pass(client, store, 'up');
    pass(store, client, 'down');
  }
}
