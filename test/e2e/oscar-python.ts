import { OscarPython, Told } from '../servers/support/manager-oscar-python';
import { eventually } from './cluster';
import type { Request } from './requests';
import type { Scenario } from './scenario';
import { PLATFORM } from './steps';
import { secretOf } from './store';

const json = ({ text }: Told) => JSON.parse(text);

/** Upstream's client, unmodified: its calls that read, run, and show logs. What it says of storage it reaches by name only. */
export function upstreamsClientWorks(scenario: Scenario, service: string, { body, answer }: Request): void {
  scenario.step("upstream's Python client reads, runs and shows logs", async () => {
    const { cluster } = scenario;
    const { username: user, password } = await secretOf(cluster, PLATFORM, 'oscar-admin');
    const endpoint = `http://${await cluster.reachService(PLATFORM, 'oscar-manager', 8080)}`;
    const client = new OscarPython(endpoint, { user, password });

    expect(await client.call('health_check')).toEqual({ status: 200, text: 'Ok' });
    expect(json(await client.call('get_cluster_info'))).toMatchObject({
      kubernetes_version: expect.stringMatching(/^v1\./),
    });
    const { cluster: told } = json(await client.call('get_cluster_status'));
    expect(told.nodes_count).toBe((await cluster.nodes()).length);
    const { config } = json(await client.call('get_cluster_config'));
    expect(config).toMatchObject({ namespace: PLATFORM });
    const names = json(await client.call('list_services')).map(({ name }: { name: string }) => name);
    expect(names).toContain(service);
    expect(json(await client.call('get_service', [service]))).toMatchObject({ name: service });

    expect((await client.call('run_service', [service], { input: body })).text).toMatch(answer);
    const jobs = async () => json(await client.call('list_jobs', [service])).jobs;
    const doneJob = async () => {
      const { text: job } = await client.call('run_service', [service], { input: body, async_call: true });
      await eventually('its Job is done', 120, async () => {
        expect((await jobs())[job]).toMatchObject({ status: 'Succeeded' });
      });
      return job;
    };
    const job = await doneJob();
    expect((await client.call('get_job_logs', [service, job])).text).toMatch(answer);
    expect(await client.call('remove_job', [service, job])).toMatchObject({ status: 204 });
    const another = await doneJob();
    expect(await client.call('remove_all_jobs', [service])).toMatchObject({ status: 204 });
    await eventually('it is gone', 30, async () => expect(Object.keys(await jobs())).not.toContain(another));
    expect(await client.call('get_service', ['nobody'])).toMatchObject({ raised: 404 });
    expect(await client.call('remove_service', [service])).toMatchObject({ raised: 403 });
  });
}
