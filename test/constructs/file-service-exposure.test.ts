import { parse } from 'yaml';
import type { ExposeProps } from '../../src/constructs/file-service';
import type { RouteProps } from '../../src/constructs/route';
import { platform, refusal, synthesize } from './service-fixture';

const INGRESS: RouteProps = { kind: 'ingress', host: 'oscar.example.org', className: 'nginx' };
const GATEWAY: RouteProps = { kind: 'httpRoute', host: 'oscar.example.org', gateway: { name: 'web' } };
const exposed = (expose: ExposeProps, route: RouteProps | undefined = INGRESS) =>
  synthesize({ platform: platform({ route }), expose }, 'web');
const NGINX = 'nginx.ingress.kubernetes.io';

test('every property shows', () => {
  const expose: Required<Omit<ExposeProps, 'nodePort'>> = {
    ports: [5000, 9090],
    minScale: 2,
    maxScale: 6,
    cpuThreshold: 50,
    rewriteTarget: true,
    defaultCommand: true,
    setAuth: true,
    healthPath: '/health',
  };
  const { ConfigMap, Deployment, HorizontalPodAutoscaler, Ingress, NetworkPolicy, PodDisruptionBudget, Service } =
    exposed(expose);
  expect(parse(ConfigMap.data['function_config.yaml']).expose).toEqual({
    min_scale: 2,
    max_scale: 6,
    api_port: [5000, 9090],
    cpu_threshold: 50,
    rewrite_target: true,
    default_command: true,
    set_auth: true,
    health_path: '/health',
  });
  const [container] = Deployment.spec.template.spec.containers;
  expect(container).not.toHaveProperty('command');
  expect(container.ports).toEqual([
    { name: 'http', containerPort: 5000 },
    { name: 'port-9090', containerPort: 9090 },
  ]);
  expect(container.readinessProbe.httpGet).toEqual({ path: '/system/services/web/exposed/health', port: 'http' });
  expect(container.env).toContainEqual({ name: 'OSCAR_SERVICE_BASE_PATH', value: '/system/services/web/exposed' });
  expect(Service.spec.ports).toEqual([
    { name: 'http', port: 5000, targetPort: 'http' },
    { name: 'port-9090', port: 9090, targetPort: 'port-9090' },
  ]);
  expect(HorizontalPodAutoscaler.spec).toMatchObject({ minReplicas: 2, maxReplicas: 6 });
  expect(HorizontalPodAutoscaler.spec.metrics[0].resource.target.averageUtilization).toBe(50);
  expect(PodDisruptionBudget).toBeDefined();
  expect(NetworkPolicy.spec.ingress).toEqual([
    {
      ports: [
        { protocol: 'TCP', port: 5000 },
        { protocol: 'TCP', port: 9090 },
      ],
    },
  ]);
  expect(Ingress.metadata.annotations).toMatchObject({
    [`${NGINX}/auth-type`]: 'basic',
    [`${NGINX}/auth-secret`]: 'web-token',
  });
  expect(Ingress.metadata.annotations).not.toHaveProperty(`${NGINX}/rewrite-target`);
});

test('the defaults are OSCAR’s: the script is the server, and the path is taken off', () => {
  const { Deployment, HorizontalPodAutoscaler, Ingress } = exposed({ ports: [80] });
  const [container] = Deployment.spec.template.spec.containers;
  expect(container.command).toEqual(['/bin/sh', '-c', 'exec /oscar/config/script.sh']);
  expect(container.readinessProbe.httpGet.path).toBe('/');
  expect(container.livenessProbe).not.toEqual(container.readinessProbe);
  expect(HorizontalPodAutoscaler.spec).toMatchObject({ minReplicas: 1, maxReplicas: 10 });
  expect(Ingress.metadata).toMatchObject({ name: 'web', namespace: 'oscar-svc' });
  const [{ path, backend }] = Ingress.spec.rules[0].http.paths;
  expect(path).toBe('/system/services/web/exposed(/|$)(.*)');
  expect(backend.service).toEqual({ name: 'web', port: { number: 80 } });
  expect(Ingress.metadata.annotations).not.toHaveProperty(`${NGINX}/auth-type`);
});

test('its Jobs run the supervisor as any service’s; its own server has nothing of it', () => {
  const { Deployment, PodTemplate } = exposed({ ports: [80], defaultCommand: true });
  const job = PodTemplate.template.spec;
  expect(job.containers[0].command[0]).toBe('/oscar/bin/ld.so');
  expect(job.volumes).toContainEqual({ name: 'work', emptyDir: {} });
  const { spec } = Deployment.spec.template;
  expect(spec).not.toHaveProperty('shareProcessNamespace');
  expect(spec.volumes.map(({ name }: { name: string }) => name)).toEqual(['supervisor', 'config', 'providers']);
  expect(spec.containers[0].volumeMounts).toHaveLength(3);
});

test('by a Gateway', () => {
  const { HTTPRoute } = exposed({ ports: [80] }, GATEWAY);
  expect(HTTPRoute.spec.rules[0].backendRefs[0]).toMatchObject({ name: 'web', port: 80 });
});

test('by a port of every node, without a route', () => {
  const { Service, ...others } = synthesize({ expose: { ports: [80, 81], nodePort: 30080 } });
  expect(Service.spec.type).toBe('NodePort');
  expect(Service.spec.ports).toEqual([
    { name: 'http', port: 80, targetPort: 'http', nodePort: 30080 },
    { name: 'port-81', port: 81, targetPort: 'port-81' },
  ]);
  expect(parse(others.ConfigMap.data['function_config.yaml']).expose.nodePort).toBe(30080);
  expect(others).not.toHaveProperty('Ingress');
});

test.each<[string, Partial<ExposeProps>, RouteProps, string]>([
  ['at a Gateway', {}, GATEWAY, 'the Gateway API has no basic authentication'],
  ['at a node port', { nodePort: 30080 }, INGRESS, 'nothing asks for a password at a node port'],
  ['at another controller', {}, { ...INGRESS, className: 'traefik' }, 'would let everybody in, got "traefik"'],
  ['at an unknown controller', {}, { kind: 'ingress', host: 'a.example.org' }, 'would let everybody in'],
])('authentication that nobody would do is refused: %s', (_, expose, route, problem) => {
  const message = refusal(() => exposed({ ports: [80], setAuth: true, ...expose }, route));
  expect(message).toContain('service "web": expose.set_auth: ');
  expect(message).toContain(problem);
});
