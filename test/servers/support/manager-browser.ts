import { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { serverFolder } from './process';

type Fields = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Fields;
  readonly sessionId?: string;
  readonly result?: Fields;
  readonly error?: { readonly message: string };
}

const ARGUMENTS = ['--headless=new', '--remote-debugging-pipe', '--no-first-run', '--disable-gpu', '--hide-scrollbars'];
const PATIENCE_MS = 60_000;

/**
 * Debian's Chromium, told what to do by its own protocol (Chrome DevTools) over two pipes: no driver beside it that has to
 * fit its version, and Node's.
 */
export class Browser {
  static start(): Browser {
    const folder = serverFolder('browser');
    const log = openSync(join(folder, 'log'), 'a');
    // Root has no sandbox to make.
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const command = [...ARGUMENTS, ...sandbox, `--user-data-dir=${join(folder, 'profile')}`, 'about:blank'];
    const child = spawn('chromium', command, {
      stdio: ['ignore', log, log, 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: folder },
    });
    closeSync(log);
    return new Browser(folder, child);
  }

  private readonly waiting = new Map<number, (answer: Message) => void>();
  private readonly listeners = new Set<(message: Message) => void>();
  private last = 0;
  private rest = '';

  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.read(text));
  }

  /** A page of its own: nothing of it is known to another one. */
  async open(look: Look): Promise<Page> {
    const { browserContextId } = await this.send('Target.createBrowserContext');
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId);
    await page.prepare(look);
    return page;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    // Killed, it would leave processes that write into its folder for a while.
    await this.send('Browser.close');
    await ended;
    rmSync(this.folder, { recursive: true, maxRetries: 5, retryDelay: 200 });
  }

  listen(listener: (message: Message) => void): void {
    this.listeners.add(listener);
  }

  /** @throws what it answers instead of a result */
  async send(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    const id = ++this.last;
    const answered = new Promise<Message>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method}: no answer\n${this.log}`)), PATIENCE_MS);
      this.waiting.set(id, (answer) => (clearTimeout(late), resolve(answer)));
    });
    (this.child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result!;
  }

  private read(text: string): void {
    const messages = (this.rest + text).split('\0');
    this.rest = messages.pop()!;
    for (const message of messages.map((one) => JSON.parse(one) as Message)) {
      if (message.id === undefined) for (const listener of this.listeners) listener(message);
      else this.waiting.get(message.id)?.(message);
    }
  }

  private get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }
}

export interface Look {
  readonly width: number;
  readonly scheme?: 'light' | 'dark';
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

export class Page {
  /** What the browser has to say of it: errors, and what its policy keeps from being done. */
  readonly complaints: string[] = [];
  /** Files that it asks for. */
  readonly asked: string[] = [];
  private login?: Login;
  private status = 0;

  constructor(
    private readonly browser: Browser,
    private readonly session: string,
  ) {
    browser.listen(({ sessionId, method = '', params = {} }) => {
      if (sessionId === session) this.hear(method, params);
    });
  }

  async prepare({ width, scheme = 'light' }: Look): Promise<void> {
    for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'Audits']) await this.send(`${domain}.enable`);
    await this.send('Fetch.enable', { handleAuthRequests: true });
    const mobile = width < 700;
    await this.send('Emulation.setDeviceMetricsOverride', { width, height: 800, deviceScaleFactor: 1, mobile });
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    await this.send('Emulation.setEmulatedMedia', { features });
  }

  /** As somebody who types this into the browser's dialog, once. @returns the status of what is shown then */
  async visit(url: string, login?: Login): Promise<number> {
    this.login = login;
    await this.send('Page.navigate', { url });
    await this.until('document.readyState === "complete" && location.href !== "about:blank"');
    return this.status;
  }

  /** Value of an expression, which the page itself could not have run. */
  async value<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** What a person can read. */
  text(): Promise<string> {
    return this.value('document.body.innerText');
  }

  async screenshot(file: string): Promise<void> {
    const { data } = await this.send('Page.captureScreenshot');
    writeFileSync(file, Buffer.from(data, 'base64'));
  }

  private hear(method: string, params: Fields): void {
    if (method === 'Fetch.requestPaused') void this.send('Fetch.continueRequest', { requestId: params.requestId });
    else if (method === 'Fetch.authRequired') void this.answerLogin(params.requestId);
    else if (method === 'Network.requestWillBeSent') this.asked.push(new URL(params.request.url).pathname);
    else if (method === 'Network.responseReceived' && params.type === 'Document') this.status = params.response.status;
    else if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(params.exceptionDetails));
    else if (method === 'Runtime.consoleAPICalled') this.complaints.push(JSON.stringify(params.args));
    else if (method === 'Log.entryAdded') this.complaints.push(`${params.entry.source}: ${params.entry.text}`);
    else if (method === 'Audits.issueAdded') this.complaints.push(JSON.stringify(params.issue));
    else if (method === 'Page.javascriptDialogOpening') this.complaints.push(`a dialog: ${params.message}`);
  }

  private answerLogin(requestId: string): Promise<Fields> {
    const { login } = this;
    this.login = undefined;
    const response = login ? 'ProvideCredentials' : 'CancelAuth';
    return this.send('Fetch.continueWithAuth', { requestId, authChallengeResponse: { response, ...login } });
  }

  private async until(expression: string): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) if (await this.value(expression)) return;
    throw new Error(`this never comes: ${expression}`);
  }

  private send(method: string, params?: Fields): Promise<Fields> {
    return this.browser.send(method, params, this.session);
  }
}
