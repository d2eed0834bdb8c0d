import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { definition, eventOf, INPUT } from '../programs/manager/services';
import { WEBHOOK_TOKEN } from '../programs/manager/running';
import { Browser, Page } from './support/manager-browser';
import { ManagerProcess, until } from './support/manager';

const SERVICES = 200;
const LOGIN = { username: 'oscar', password: 'not-a-secret' };
const ATTACK = `<script>document.title='broken'</script><img src=x onerror="document.title='broken'">"'&<style>*{display:none}`;
/** Where pictures of the page go, to be looked at; nowhere by default. */
const { SCREENSHOTS } = process.env;

let manager: ManagerProcess;
let browser: Browser | undefined;
beforeAll(async () => {
  manager = await ManagerProcess.create();
  for (let i = 0; i < SERVICES; i++) manager.declare(service(`service-${String(i).padStart(3, '0')}`, i));
  await manager.start({ port: 9, root: { accessKey: 'nobody', secretKey: 'not-a-secret' } });
  for (let i = 0; i < 15; i++) await send('pictures-1', `in/${i}.jpg`);
  for (const key of [ATTACK, `long/${'x'.repeat(800)}`, 'rtl/\u202egpj.exe', 'ordinary/file.txt']) {
    await send('attacks', key);
  }
  const { objects } = manager.kubernetes;
  const [job] = objects.list('Job');
  const conditions = [{ type: 'Failed', status: 'True', lastTransitionTime: '2026-11-24T12:00:00Z' }];
  objects.change('Job', job.metadata.namespace!, job.metadata.name, () => ({ status: { failed: 1, conditions } }));
  await until('the job is seen', async () => (await manager.asAdmin('/')).includes('class="bad">Failed'));
  browser = Browser.start();
});
afterAll(async () => {
  await browser?.stop();
  await manager.remove();
});

const service = (name: string, i: number) =>
  definition(name, {
    input: [{ ...INPUT, path: `pictures-${i}/in`, ...(i % 7 ? {} : { suffix: ['.jpg', '.png'], prefix: ['cat-'] }) }],
    output: [{ ...INPUT, path: `pictures-${i}/out` }, ...(i % 5 ? [] : [{ ...INPUT, storage_provider: 's3.far' }])],
    ...(i === 3 ? { image: `registry.example.org/${'a-long-name/'.repeat(8)}image@sha256:${'0'.repeat(64)}` } : {}),
  });

/** Again while the manager does not know all yet, as MinIO does. */
async function send(bucket: string, key: string): Promise<void> {
  const event = Buffer.from(JSON.stringify(eventOf(bucket, key, { sequencer: randomBytes(8).toString('hex') })));
  await until('the event is taken', async () => {
    const { status } = await manager.ask('POST', '/events', { authorization: `Bearer ${WEBHOOK_TOKEN}` }, event);
    expect([200, 503]).toContain(status);
    return status === 200;
  });
}

const url = () => `http://127.0.0.1:${manager.port}/`;

async function picture(page: Page, name: string): Promise<void> {
  if (!SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  for (const [i, heading] of (await page.value<string[]>(HEADINGS)).entries()) {
    await page.value(`document.querySelectorAll('h2')[${i}].scrollIntoView()`);
    await page.screenshot(join(SCREENSHOTS, `${name}-${heading}.png`));
  }
}

const HEADINGS = `[...document.querySelectorAll('h2')].map((one) => one.innerText.replace(/[^A-Za-z]+/g, '-'))`;

describe.each([
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
  { width: 1001, scheme: 'light' },
  { width: 1000, scheme: 'light' },
  { width: 360, scheme: 'light' },
  { width: 360, scheme: 'dark' },
] as const)('$width px wide, $scheme', (look) => {
  let page: Page;
  beforeAll(async () => {
    page = await browser!.open(look);
    expect(await page.visit(url(), LOGIN)).toBe(200);
    await picture(page, `${look.width}-${look.scheme}`);
  });

  test('all services with their bindings', async () => {
    const text = await page.text();
    expect(text).toContain(`Services (${SERVICES})`);
    for (let i = 0; i < SERVICES; i++) {
      for (const shown of [`service-${String(i).padStart(3, '0')}`, `pictures-${i}/in`, `pictures-${i}/out`]) {
        expect(text).toContain(shown);
      }
    }
  });

  test('jobs, and how they are', async () => {
    const [job] = manager.jobs;
    const text = await page.text();
    expect(text).toContain(job.name);
    expect(text).toMatch(/Pending/);
    expect(text).toMatch(/Failed/);
  });

  test('dead letters: what keys hold is text, and nothing else', async () => {
    const text = await page.text();
    expect(text).toContain(`attacks/${ATTACK}`);
    expect(text).toContain('attacks/ordinary/file.txt');
    expect(text).toContain('rtl/\\u{202e}gpj.exe');
    expect(text).toContain('no service is bound to this place');
    expect(await page.value('document.title')).toBe('oscar · OSCAR'.replace('oscar', 'test'));
    expect(await page.value('document.querySelectorAll("script,img,iframe,link,object,form,main style").length')).toBe(
      0,
    );
  });

  test('the browser complains of nothing, and loads nothing else', () => {
    expect(page.complaints).toEqual([]);
    expect(new Set(page.asked)).toEqual(new Set(['/']));
  });

  test('nothing is wider than the page, or cut off', async () => {
    expect(await page.value('document.documentElement.scrollWidth')).toBe(look.width);
    const outside = `[...document.body.querySelectorAll('main *')].filter((one) => {
      const { left, right, width } = one.getBoundingClientRect();
      return width > 0 && !one.closest('thead') && (left < 0 || right > ${look.width});
    }).length`;
    expect(await page.value(outside)).toBe(0);
  });

  test('its links lead to its sections', async () => {
    await page.value('document.querySelector("a[href=\\"#dead-letters\\"]").click()');
    expect(await page.value('location.hash')).toBe('#dead-letters');
    expect(await page.value('scrollY > 1000')).toBe(true);
  });

  test('its text can be told from what is behind it', async () => {
    expect(await page.value(CONTRASTS)).toEqual([]);
  });
});

/** Texts whose contrast is less than 4.5, as WCAG 2.1 asks for (level AA). */
const CONTRASTS = `(() => {
  const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (color) => {
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = color;
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (color) => {
    const [r, g, b] = rgb(color).map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = light('Canvas');
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const found = {};
  for (const one of document.querySelectorAll('body *')) {
    const color = getComputedStyle(one).color;
    const [a, b] = [light(color), dark ? light('rgb(18, 18, 18)') : 1].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) found[one.className + ' ' + color] = contrast.toFixed(2);
  }
  return Object.entries(found).map(([what, contrast]) => what + ': ' + contrast);
})()`;

test.each([
  ['nothing', undefined],
  ['a wrong password', { ...LOGIN, password: 'guessed' }],
  ["a service's token", { username: 'service-000', password: '0'.repeat(64) }],
])('with %s it shows nothing', async (_, login) => {
  const page = await browser!.open({ width: 1280 });
  expect(await page.visit(url(), login)).toBe(401);
  const text = await page.text();
  expect(text).not.toContain('Services');
  expect(text).not.toContain('service-000');
});
