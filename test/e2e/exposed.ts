import { eventually } from './cluster';
import type { Node, Service } from './objects';
import type { Scenario } from './scenario';
import { SERVICES } from './steps';

/** A web service of its own, by the port that it has on every node. */
export function anExposedServiceAnswers(scenario: Scenario, service: string, answer: string): void {
  scenario.step(`the exposed service ${service} answers on each node's port`, async () => {
    const { cluster } = scenario;
    const { spec } = await cluster.get<Service>('service', '-n', SERVICES, service);
    const { nodePort } = spec.ports.find(({ nodePort }) => nodePort !== undefined)!;
    for (const { metadata, status } of await cluster.list<Node>('nodes')) {
      const { address } = status.addresses.find(({ type }) => type === 'InternalIP')!;
      await eventually(`it answers on ${metadata.name}`, 60, async () => {
        const response = await fetch(`http://${address}:${nodePort}/`, { signal: AbortSignal.timeout(5_000) });
        expect([response.status, await response.text()]).toEqual([200, answer]);
      });
    }
  });
}
