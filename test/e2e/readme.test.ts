import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { isFree, removePlatform } from './cleaning';
import { Cluster } from './cluster';
import { inOrder } from './in-order';
import { GREY } from './examples';
import { hasResults } from './jobs';
import { Manager, measured } from './manager';
import { Shell } from './shell';
import { Store } from './store';

const ROOT = join(__dirname, '../..');
const SECTION = 'Ten minutes from nothing to a file processed';
const COMMAND_SECONDS = 360;
/** The ten minutes of its title. */
const WALK_MS = 600_000;
/** A result that took longer wasn't brought by the upload's event, but by a sweep. */
const RESULT_SECONDS = 60;
/** Nobody types faster, after a command that goes on in the background. */
const HAND_MS = 1_000;
/** Which the walk's commands listen on. */
const PORTS = [9000, 8080];
/** The same images by tags alone: a registry that is made for tests has other digests. */
const IMAGES = join(__dirname, 'environments/base/services.yaml');

const cluster = new Cluster();
const { step } = inOrder(cluster);
const folder = mkdtempSync(join(tmpdir(), 'oscar-e2e-readme-'));
const outputs = new Map<string, string>();
let shell: Shell | undefined;
let mayClean = false;

/** What the README tells to type, as it stands: from an empty cluster to results. Each command is a test, with its time. */
describe(`README.md: ${SECTION}`, () => {
  let began: number;

  step('the cluster is there, and holds no platform', async () => {
    await isFree(cluster);
    mayClean = true;
    await Promise.all(PORTS.map(nobodyListens));
    await copyOfThePackage();
    writeFileSync(join(folder, 'photo.jpg'), redJpeg());
    shell = new Shell(folder, environment());
    began = performance.now();
  });

  for (const command of commandsOf(readFileSync(join(ROOT, 'README.md'), 'utf8'))) {
    const seconds = command.startsWith('until ') ? RESULT_SECONDS : COMMAND_SECONDS;
    const type = async () => {
      outputs.set(command, await shell!.type(command, seconds));
      if (command.endsWith('&')) await sleep(HAND_MS);
    };
    step(`$ ${command}`, type, seconds + 10);
  }

  step('the picture is there in grey, with its thumbnail, and the cow has spoken', async () => {
    measured('the whole walk', began);
    expect(performance.now() - began).toBeLessThan(WALK_MS);
    const results = {
      'pictures/grey/grey-photo.png': GREY,
      'pictures/thumbnails/thumb-photo.jpg': /JFIF/,
    };
    await hasResults(await Store.of(cluster), { results });
    const manager = await Manager.of(cluster);
    const { text: metrics } = await manager.call('GET', '/metrics', { as: manager.admin });
    expect(metrics).toMatch(/^oscar_manager_events_total\{outcome="stored"\} 1$/m);
    expect(metrics).not.toMatch(/^oscar_manager_swept_total\{status="Stored"\} [1-9]/m);
    const [curl] = [...outputs].filter(([command]) => command.startsWith('curl '));
    expect(curl[1]).toMatch(/< moo >[^]*\^__\^/);
  });

  afterAll(async () => {
    try {
      await shell?.end();
      if (mayClean) await removePlatform(cluster);
    } finally {
      await cluster.leave();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 600_000);
});

/** Lines of the section's blocks of shell. */
function commandsOf(readme: string): string[] {
  const [, section] = readme.split(`\n## ${SECTION}\n`);
  const blocks = section.split('\n## ')[0].matchAll(/^```sh\n([^]*?)^```$/gm);
  return [...blocks].flatMap(([, lines]) => lines.trim().split('\n'));
}

/** As a fresh clone, with what isn't committed yet. */
async function copyOfThePackage(): Promise<void> {
  const { stdout } = await cluster.run('git', ['-C', ROOT, 'ls-files', '-z']);
  for (const file of stdout.split('\0').filter(Boolean)) {
    if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(folder, file));
  }
  if (!cluster.machines.areAtHand) return;
  const dev = join(folder, 'environments/dev.yaml');
  const { platform, ...rest } = parse(readFileSync(dev, 'utf8')) as { platform: object };
  const { images } = (parse(readFileSync(IMAGES, 'utf8')) as { platform: { images: object } }).platform;
  writeFileSync(dev, stringify({ ...rest, platform: { ...platform, images } }));
}

/** A person's: without what npm and Jest add, and with settings of `mc` that are nobody's. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_ENV$|^JEST_/.test(name));
  return { ...Object.fromEntries(own), MC_CONFIG_DIR: join(folder, '.mc') };
}

/** @throws when somebody listens there: the commands would talk to them. */
async function nobodyListens(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
}

/** Eight by eight pixels: tables, one block each of brightness, blue and red, of which the last alone isn't nought. */
function redJpeg(): Buffer {
  const quantization = `ffdb004300${'08'.repeat(64)}`;
  const frame = 'ffc00011080008000803011100021100031100';
  const codes = (which: string, lengths: string, symbols: string) =>
    `ffc400${(19 + symbols.length / 2).toString(16)}${which}${lengths.padEnd(32, '0')}${symbols}`;
  const scan = 'ffda000c03010002000300003f000b03';
  return Buffer.from(
    `ffd8${quantization}${frame}${codes('00', '0101', '0007')}${codes('10', '01', '00')}${scan}ffd9`,
    'hex',
  );
}
