import { stampJob } from '../../../../src/programs/manager/jobs/stamp';
import { definition, known } from '../services';

const job = { retries: 2, deadlineSeconds: 77, ttlSeconds: 99 };
const service = known(definition('cowsay', { job })).get('cowsay')!;

test("the service's PodTemplate with an input, and what the definition says of Jobs", () => {
  const stamped = stampJob(service, 'cowsay-1', 'oscar-svc', {
    variables: { EVENT: '{}' },
    object: 'pictures/in/a.jpg',
  });
  const { metadata, spec } = service.template;
  const [main, beside] = spec.containers;
  expect(stamped).toEqual({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'cowsay-1',
      namespace: 'oscar-svc',
      // The pods' labels, and not those of the PodTemplate itself: a deploy tool's mark is among them.
      labels: metadata!.labels,
      annotations: { 'oscar-cdk8s/object': 'pictures/in/a.jpg' },
    },
    spec: {
      backoffLimit: 2,
      activeDeadlineSeconds: 7 * 24 * 3600 + 3 * 77,
      ttlSecondsAfterFinished: 99,
      template: {
        metadata,
        spec: {
          ...spec,
          activeDeadlineSeconds: 77,
          containers: [
            {
              ...main,
              env: [
                { name: 'OSCAR_SERVICE_NAME', value: 'cowsay' },
                { name: 'EVENT', value: '{}' },
                { name: 'JOB_UUID', value: 'cowsay-1' },
                { name: 'RESOURCE_ID', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
              ],
            },
            beside,
          ],
        },
      },
    },
  });
});

test('about no object: no annotation', () => {
  expect(stampJob(service, 'cowsay-1', 'oscar-svc', { variables: {} })).not.toHaveProperty('metadata.annotations');
});

test('what Kubernetes would replace in a value is written so that it stays', () => {
  const variables = { EVENT: 'a $(OSCAR_SERVICE_TOKEN) $$ $x $' };
  expect(JSON.stringify(stampJob(service, 'cowsay-1', 'oscar-svc', { variables }))).toContain(
    JSON.stringify('a $$(OSCAR_SERVICE_TOKEN) $$$$ $$x $$'),
  );
});

test('the template is not changed by it', () => {
  const before = JSON.stringify(service.template);
  stampJob(service, 'cowsay-1', 'oscar-svc', { variables: { EVENT: 'x' } });
  expect(JSON.stringify(service.template)).toBe(before);
});

test('of a service with a limit it waits for its turn, and says of how many', () => {
  const limited = known(definition('cowsay', { job: { ...job, concurrency: 4 } })).get('cowsay')!;
  expect(stampJob(limited, 'cowsay-1', 'oscar-svc', { variables: {} })).toMatchObject({
    metadata: { labels: { ...service.template.metadata!.labels, 'oscar-cdk8s/waits-for-one-of': '4' } },
    spec: { suspend: true, template: { metadata: service.template.metadata } },
  });
});
