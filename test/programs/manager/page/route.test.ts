import { createHash } from 'node:crypto';
import { definition } from '../services';
import { SystemUnderTest } from '../system/fixture';
import { checkTags, textOf } from './html';

describe('the page', () => {
  let it: SystemUnderTest;
  afterEach(() => it.stop());

  test('many services, one style, no scripts', async () => {
    it = await SystemUnderTest.start(
      Array.from({ length: 200 }, (_, i) => definition(`s${String(i).padStart(3, '0')}`)),
    );
    it.warmPods.onDeployment('s007', { service: 's007', replicas: 1 } as never);
    it.jobs.onJob('s007-1', { name: 's007-1', service: 's007', status: 'Running', created: '2026' } as never);
    const { status, headers, text } = await it.call('/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    checkTags(text);
    const names = [...text.matchAll(/data-is="Service">(s\d+)<br/g)].map(([, name]) => name);
    expect(names).toHaveLength(200);
    expect(names).toEqual([...names].sort());
    expect(textOf(text)).toContain('0 of 1 ready 0 1 0 0');
    const [, style] = /<style>([^]*)<\/style>/.exec(text)!;
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain(`style-src 'sha256-${hash}'`);
    expect(policy).toContain("default-src 'none'");
    expect(text).not.toContain(' style=');
    expect(it.asked).toHaveLength(1);
  });

  test('Kubernetes is away', async () => {
    it = await SystemUnderTest.start();
    await it.double.stop();
    const { status, text } = await it.call('/');
    expect([status, textOf(text).includes("They can't be read now")]).toEqual([200, true]);
  });

  test('behind a login', async () => {
    it = await SystemUnderTest.start();
    const answer = await it.serving.call('/');
    expect(answer).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="oscar", charset="UTF-8"' },
    });
  });
});
