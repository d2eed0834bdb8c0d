import { PageData, PageService, renderPage } from '../../../../src/programs/manager/page/render';
import { checkTags, textOf } from './html';

const JOBS = { Pending: 0, Running: 1, Succeeded: 20, Failed: 3 };
const service = (name: string, more: Partial<PageService> = {}): PageService => ({
  ...{ name, image: 'ghcr.io/x', input: [], output: [], ready: 0, jobs: JOBS },
  ...more,
});
const data = (more: Partial<PageData> = {}): PageData => ({
  ...{ platform: 'oscar', version: '1.0.0', services: [], jobs: [], deadLetters: [] },
  ...more,
});
test('nothing yet', () => {
  const page = renderPage(data());
  checkTags(page);
  expect(textOf(page)).toContain('No service is declared yet.');
  expect(textOf(page)).toContain('No job yet.');
  expect(textOf(page)).toContain('None: every event was for somebody.');
});

test('dead letters that can not be read', () => {
  expect(textOf(renderPage(data({ deadLetters: undefined })))).toContain("They can't be read now");
});

test('services, bindings, jobs, dead letters', () => {
  const page = renderPage(
    data({
      environment: { name: 'prod', version: '1.2.3' },
      services: [
        service('cow', {
          input: [{ storage_provider: 'minio.default', path: 'a/in', prefix: ['x'], suffix: ['.png', '.jpg'] }],
          output: [{ storage_provider: 's3.amazon', path: 'b/out', prefix: [], suffix: [] }],
          ...{ replicas: 2, ready: 1, waiting: 'ImagePullBackOff: no such image' },
        }),
      ],
      jobs: [{ name: 'cow-1', service: 'cow', status: 'Failed', created: '2026-11-24T11:00:00Z' } as never],
      deadLetters: [
        { time: '2026-11-24T12:00:00Z', problem: 'odd', bucket: 'a', key: 'in/x', event_name: 's3:ObjectCreated:Put' },
      ],
    }),
  );
  checkTags(page);
  const text = textOf(page);
  expect(text).toContain('prod version 1.2.3 platform oscar · oscar-cdk8s 1.0.0');
  expect(text).toContain(
    'cow ghcr.io/x a/in x* *.png *.jpg s3.amazon: b/out 1 of 2 ready ImagePullBackOff: no such image 0 1 20 3',
  );
  expect(text).toContain('cow-1 cow Failed 2026-11-24T11:00:00Z –');
  expect(text).toContain('odd a/in/x s3:ObjectCreated:Put 2026-11-24T12:00:00Z');
});

test('any text is text', () => {
  const evil = `"><script>alert(1)</script>' onload='&amp;`;
  const page = renderPage(
    data({
      ...{ platform: evil, version: evil, environment: { name: evil, version: evil } },
      services: [
        service(evil, {
          ...{ image: evil, waiting: evil, replicas: 1 },
          input: [{ storage_provider: evil, path: evil, prefix: [evil], suffix: [evil] }],
        }),
      ],
      jobs: [{ name: evil, service: evil, status: evil, created: evil, finished: evil } as never],
      deadLetters: [{ time: evil, problem: evil, bucket: evil, key: `in/\u202egnp.exe\u0000`, event_name: evil }],
    }),
  );
  checkTags(page);
  expect(page).not.toMatch(/<script|onload='/);
  expect(page).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39; onload=&#39;&amp;amp;');
  expect(page).toContain('in/\\u{202e}gnp.exe\\u{0}');
});
