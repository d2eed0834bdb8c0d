import { eventually, RunningManager } from './running';
import { definition } from './services';

const jobOf = (name: string) => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job' },
  metadata: { name, namespace: 'oscar-svc', labels: { oscar_service: 'a' } },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'oscar-container', image: 'a' }] } } },
});

test('a manager that has just started says so, instead of that there are no Jobs', async () => {
  const manager = await RunningManager.start([definition('a')]);
  manager.kubernetes.objects.put(jobOf('a-1'));
  await manager.end();
  manager.kubernetes.faults.delay({ method: 'GET', path: /\/jobs\?.*limit=/ }, 500);
  await manager.begin();
  const list = () => manager.asAdmin('GET', '/system/logs/a');
  expect(await list()).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
  await eventually(async () => (await list()).status === 200);
  expect(JSON.parse((await list()).text).jobs).toHaveProperty('a-1');
  await manager.stop();
});

test('it is ready when it knows the services, and not before', async () => {
  const manager = await RunningManager.start([definition('a')]);
  await manager.end();
  manager.kubernetes.faults.answer({ method: 'GET', path: /configmaps/, times: 3 }, 500);
  const began = manager.begin();
  await eventually(async () => {
    const { status, text } = await manager.ask('GET', '/health').catch(() => ({ status: 0, text: '' }));
    return status === 503 && text === 'Kubernetes has not told yet of: ConfigMaps\n';
  });
  expect(await manager.ask('GET', '/health?live')).toMatchObject({ status: 200, text: 'Ok' });
  await began;
  expect(await manager.ask('GET', '/health')).toMatchObject({ status: 200, text: 'Ok' });
  await manager.stop();
});
