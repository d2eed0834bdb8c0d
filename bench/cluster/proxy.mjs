// The Kubernetes API, by `kubectl proxy`: plain HTTP on this machine.
import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { createInterface } from 'node:readline';
import { post, send } from '../manager/requests.mjs';

export class Proxy {
  static async start() {
    const kubectl = spawn('kubectl', ['proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface(kubectl.stdout)) {
      const [, port] = /127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (port) return new Proxy(kubectl, Number(port));
    }
    throw new Error('kubectl proxy does not start');
  }

  constructor(kubectl, port) {
    this.kubectl = kubectl;
    this.port = port;
    this.watches = [];
    this.isOver = false;
  }

  stop() {
    this.isOver = true;
    for (const watch of this.watches) watch.destroy();
    this.kubectl.kill();
  }

  async read(path) {
    return bodyOf(path, await send({ method: 'GET', port: this.port, path }));
  }

  async create(path, object) {
    bodyOf(path, await post({ port: this.port, path, body: JSON.stringify(object) }));
  }

  /** Calls `seen(object)` whenever one of those at `path` changes from now on. */
  async watch(path, seen) {
    const { metadata } = JSON.parse(await this.read(`${path}?limit=1`));
    this.follow(path, seen, metadata.resourceVersion);
  }

  follow(path, seen, resourceVersion) {
    const query = `watch=1&resourceVersion=${resourceVersion}&timeoutSeconds=3600`;
    const asked = get({ port: this.port, path: `${path}?${query}` }, (answer) => {
      const lines = createInterface(answer);
      lines.on('line', (line) => {
        const { type, object } = JSON.parse(line);
        if (type !== 'ERROR') seen(object);
      });
      // It is cut off at the end, and a wait for what no longer comes says so before.
      for (const broken of [answer, lines]) broken.on('error', () => {});
      lines.on('close', () => {
        if (!this.isOver) void this.again(path, seen);
      });
    });
    this.watches.push(asked.on('error', () => {}));
  }

  /** The API server ends a watch as it likes. */
  async again(path, seen) {
    console.error(`watched again: ${path}`);
    const { metadata, items } = await (await fetch(`http://127.0.0.1:${this.port}${path}`)).json();
    for (const object of items) seen(object);
    this.follow(path, seen, metadata.resourceVersion);
  }
}

function bodyOf(path, { status, text }) {
  if (status >= 300) throw new Error(`${path}: ${status} ${text}`);
  return text;
}
