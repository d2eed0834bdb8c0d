import { Construct } from 'constructs';
import { serviceLabels, serviceSecrets } from '../contract';
import { check, checkNodePort, checkPort, Subject } from './checks';
import { exposedPath, Exposure, ServiceModel } from './file-service-model';
import type { IPlatform } from './platform-reference';
import { Route, RouteProps } from './route';

/** Throws on an exposure that nobody could reach, or that would be open where authentication is asked for. */
export function checkExposure(service: string, expose: Exposure, { route }: IPlatform): void {
  const at = (...field: (string | number)[]): Subject => ({ service, field: ['expose', ...field] });
  const { ports, nodePort, healthPath, setAuth } = expose;
  ports.forEach((port, i) => checkPort(at('api_port', i), port));
  check(ports.length > 0 && new Set(ports).size === ports.length, at('api_port'), {
    problem: 'not the ports of a server',
    value: ports,
    allowed: 'one TCP port or more, each once',
    fix: 'name the port that the server in the container listens on',
  });
  if (nodePort !== undefined) checkNodePort(at('nodePort'), nodePort);
  check(/^\/[^\s?#]*$/.test(healthPath), at('health_path'), {
    problem: 'not a path that can be asked for',
    value: healthPath,
    allowed: 'a path that begins with "/"',
    fix: 'for example "/health"',
  });
  check(route !== undefined || nodePort !== undefined, at(), {
    problem: 'the platform has no route by which services are reached from outside',
    fix: "set the platform's `servicesRoute` (host, Ingress or HTTPRoute), or `nodePort` here",
  });
  if (setAuth) checkBasicAuth(at('set_auth'), expose, route);
}

/** Only ingress-nginx is known to ask for a password; any other would let everybody in without a word. */
function checkBasicAuth(subject: Subject, { nodePort }: Exposure, route: RouteProps | undefined): void {
  check(nodePort === undefined, subject, {
    problem: 'nothing asks for a password at a node port',
    fix: 'leave out `nodePort`, or authenticate in the server itself',
  });
  check(route?.kind === 'ingress', subject, {
    problem: 'the Gateway API has no basic authentication',
    fix: 'reach services by an Ingress (ingress-nginx), or authenticate in the server itself',
  });
  const className = route?.kind === 'ingress' ? route.className : undefined;
  check(className?.includes('nginx') === true, subject, {
    problem: 'only ingress-nginx is known to ask for the password, and another controller would let everybody in',
    value: className,
    allowed: 'a route whose className names ingress-nginx, e.g. "nginx"',
    fix: "set `className` of the platform's `servicesRoute`",
  });
}

/** The way from outside to an exposed service, by the platform's route. */
export function exposedRoute(scope: Construct, { name, platform }: ServiceModel, expose: Exposure): void {
  if (!platform.route) return;
  new Route(scope, 'route', {
    name,
    namespace: platform.servicesNamespace,
    labels: serviceLabels(name),
    route: platform.route,
    to: { service: name, port: expose.ports[0] },
    path: exposedPath(name),
    stripPath: !expose.rewriteTarget,
    ...(expose.setAuth ? { annotations: basicAuth(name) } : {}),
    subject: { service: name, field: ['expose'] },
  });
}

const basicAuth = (service: string) => ({
  'nginx.ingress.kubernetes.io/auth-type': 'basic',
  'nginx.ingress.kubernetes.io/auth-secret': serviceSecrets(service).token,
  'nginx.ingress.kubernetes.io/auth-realm': service,
});
