import { Images } from '../../src/constructs/images';
import { Provisioner } from '../../src/constructs/provisioner';
import { ServiceRegistry } from '../../src/constructs/service-registry';
import { StorageProvider } from '../../src/constructs/storage';
import { Sweep, SweepProps } from '../../src/constructs/sweep';
import { Manifest, manifests, only, PROGRAMS, refusal } from '../support/platform';

const CREDENTIALS = { secretName: 'login-of-root', keys: { accessKey: 'rootUser', secretKey: 'rootPassword' } };

const rendered = (more: Partial<SweepProps> = {}) =>
  manifests((chart) => {
    const common = { name: 'p', namespace: 'here' };
    const services = new ServiceRegistry({ servicesNamespace: 'there', platform: 'p' });
    const store = StorageProvider.platformStore({ endpoint: 'http://m:9000', region: 'eu-1', verify: true });
    const provisioner = new Provisioner(chart, 'provisioner', {
      ...common,
      ...{ servicesNamespace: 'there', store, storeCredentials: CREDENTIALS, services, programs: PROGRAMS },
    });
    services.addService('cowsay'); // after all constructs, as services are
    new Sweep(chart, 'sweep', { ...common, provisioner, images: new Images(), ...more });
  });
const job = (objects: readonly Manifest[]) => only(objects, 'CronJob').spec.jobTemplate.spec;

test('it is a CronJob that runs alone, every five minutes, and has no rights', () => {
  const objects = rendered();
  const { metadata, spec } = only(objects, 'CronJob');
  expect(metadata).toMatchObject({ name: 'p-sweep', namespace: 'here' });
  expect(spec).toMatchObject({ schedule: '*/5 * * * *', concurrencyPolicy: 'Forbid' });
  expect(only(objects, 'ServiceAccount', 'p-sweep').automountServiceAccountToken).toBe(false);
  expect(job(objects).template.spec).toMatchObject({
    serviceAccountName: 'p-sweep',
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true },
  });
  expect(job(objects)).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 7200, ttlSecondsAfterFinished: 21600 });
  const bindings = objects.filter(({ kind }) => kind.endsWith('Binding'));
  expect(JSON.stringify(bindings)).not.toContain('p-sweep');
});

test("it runs the provisioner's program on the provisioner's declaration", () => {
  const objects = rendered();
  const volumes = (spec: Manifest) =>
    spec.template.spec.volumes.filter(({ name }: Manifest) => /program|settings/.test(name));
  expect(volumes(job(objects))).toEqual(volumes(only(objects, 'Job').spec));
  const [container] = job(objects).template.spec.containers;
  expect(container.command.slice(0, 2)).toEqual(['node', '-e']);
  expect(container.command.at(-1)).toBe('sweep');
  expect(container.env).toEqual([{ name: 'MANAGER_ENDPOINT', value: 'http://p-manager.here.svc:8080' }]);
});

test('it reads the login of its own user of the store and the token of the webhook, as files', () => {
  const { volumes, containers } = job(rendered()).template.spec;
  expect(volumes).toContainEqual({
    name: 'minio',
    secret: {
      secretName: 'p-sweep',
      defaultMode: 0o440,
      items: [
        { key: 'accessKey', path: 'accessKey' },
        { key: 'secretKey', path: 'secretKey' },
      ],
    },
  });
  expect(volumes).toContainEqual({
    name: 'webhook',
    secret: { secretName: 'p-webhook', defaultMode: 0o440, items: [{ key: 'token', path: 'token' }] },
  });
  expect(JSON.stringify(job(rendered()))).not.toContain(CREDENTIALS.secretName);
  const mounts = containers[0].volumeMounts;
  expect(mounts).toContainEqual({ name: 'minio', mountPath: '/var/run/secrets/oscar/minio', readOnly: true });
  expect(mounts.every(({ readOnly }: Manifest) => readOnly)).toBe(true);
});

test('its schedule may be another one, if Kubernetes takes it', () => {
  expect(only(rendered({ schedule: '0 * * * *' }), 'CronJob').spec.schedule).toBe('0 * * * *');
  expect(refusal(() => rendered({ schedule: 'hourly' }))).toMatchObject({
    field: ['sweep', 'schedule'],
    value: 'hourly',
  });
});
