import { Construct } from 'constructs';
import { KubeIngress } from 'cdk8s-plus-27/lib/imports/k8s';
import {
  HttpRoute,
  HttpRouteSpecRulesFiltersType,
  HttpRouteSpecRulesFiltersUrlRewritePathType,
  HttpRouteSpecRulesMatchesPathType,
} from '../../imports/gateway.networking.k8s.io';
import { checkAnnotations, checkHost, checkLabelName, checkSubdomain, Subject } from './checks';
import { metadata } from './metadata';

/** How something is reached from outside the cluster. */
export type RouteProps = IngressRoute | GatewayRoute;

export interface IngressRoute {
  readonly kind: 'ingress';
  /** DNS name that clients use. */
  readonly host: string;
  /** Secret (type `kubernetes.io/tls`) with the host's certificate. @default no TLS */
  readonly tlsSecretName?: string;
  /** @default the cluster's default class */
  readonly className?: string;
  /**
   * For the ingress controller, e.g. `cert-manager.io/cluster-issuer`. A class whose name has `nginx` in it is told by
   * ingress-nginx's annotations how large bodies are, and that an answer may take an hour; what stands here wins.
   * @default none besides
   */
  readonly annotations?: Record<string, string>;
}

/** Gateway API: TLS is the Gateway's business. */
export interface GatewayRoute {
  readonly kind: 'httpRoute';
  /** DNS name that clients use. */
  readonly host: string;
  /** Gateway that takes the route. @default namespace: the route's own; sectionName: every listener */
  readonly gateway: { readonly name: string; readonly namespace?: string; readonly sectionName?: string };
}

/** Throws `DeclarationError` on what the API server or a controller would refuse. */
export function checkRoute({ service, field }: Subject, route: RouteProps): void {
  const at = (...more: string[]): Subject => ({ service, field: [...field, ...more] });
  checkHost(at('host'), route.host);
  if (route.kind === 'ingress') {
    if (route.tlsSecretName !== undefined) checkSubdomain(at('tlsSecretName'), route.tlsSecretName);
    if (route.className !== undefined) checkSubdomain(at('className'), route.className);
    checkAnnotations(at('annotations'), route.annotations ?? {});
    return;
  }
  const { name, namespace, sectionName } = route.gateway;
  checkSubdomain(at('gateway', 'name'), name);
  if (namespace !== undefined) checkLabelName(at('gateway', 'namespace'), namespace);
  if (sectionName !== undefined) checkSubdomain(at('gateway', 'sectionName'), sectionName);
}

export interface RouteToProps {
  /** Name of the Ingress or HTTPRoute. */
  readonly name: string;
  /** The Service's namespace: neither kind reaches into another. */
  readonly namespace: string;
  readonly labels: Record<string, string>;
  /** By which way it is reached. */
  readonly route: RouteProps;
  /** Service and its port that are reached. */
  readonly to: { readonly service: string; readonly port: number };
  /** Requests whose path begins with this (whole parts of it). @default '/' */
  readonly path?: string;
  /**
   * Takes `path` off before the request goes on. For an Ingress this is written in ingress-nginx's annotations, as
   * the API has no field for it. @default false
   */
  readonly stripPath?: boolean;
  /** Further annotations of an Ingress. @default none */
  readonly annotations?: Record<string, string>;
  /** Largest request body, in bytes; 0 is any. For ingress-nginx, which else refuses more than 1 MiB. @default 0 */
  readonly maxBodyBytes?: number;
  /** Passes a body on as it comes, instead of keeping all of it first. For ingress-nginx. @default false */
  readonly streaming?: boolean;
  /** What the user wrote the route in, for messages. @default `{ field: ['route'] }` */
  readonly subject?: Subject;
}

/** A Service's way out of the cluster: an Ingress or an HTTPRoute. */
export class Route extends Construct {
  constructor(scope: Construct, id: string, props: RouteToProps) {
    super(scope, id);
    const { route, subject = { field: ['route'] } } = props;
    checkRoute(subject, route);
    if (route.kind === 'ingress') this.ingress(route, props);
    else this.httpRoute(route, props);
  }

  private ingress(route: IngressRoute, props: RouteToProps): void {
    const { name, namespace, labels, to, path = '/', stripPath = false, annotations } = props;
    const rewrite = { [`${NGINX}/use-regex`]: 'true', [`${NGINX}/rewrite-target`]: '/$2' };
    const paths = stripPath
      ? { path: `${path.replace(/\/+$/, '')}(/|$)(.*)`, pathType: 'ImplementationSpecific' }
      : { path, pathType: 'Prefix' };
    new KubeIngress(this, 'ingress', {
      metadata: metadata({
        name,
        namespace,
        labels,
        annotations: {
          ...(isNginx(route) ? nginxLimits(props) : {}),
          ...(stripPath ? rewrite : {}),
          ...annotations,
          ...route.annotations,
        },
      }),
      spec: {
        ingressClassName: route.className,
        tls: route.tlsSecretName === undefined ? undefined : [{ hosts: [route.host], secretName: route.tlsSecretName }],
        rules: [
          {
            host: route.host,
            http: { paths: [{ ...paths, backend: { service: { name: to.service, port: { number: to.port } } } }] },
          },
        ],
      },
    });
  }

  private httpRoute({ host, gateway }: GatewayRoute, props: RouteToProps): void {
    const { name, namespace, labels, to, path = '/', stripPath = false } = props;
    const strip = {
      type: HttpRouteSpecRulesFiltersType.URL_REWRITE,
      urlRewrite: {
        path: {
          type: HttpRouteSpecRulesFiltersUrlRewritePathType.REPLACE_PREFIX_MATCH,
          replacePrefixMatch: '/',
        },
      },
    };
    new HttpRoute(this, 'http-route', {
      metadata: metadata({ name, namespace, labels }),
      spec: {
        parentRefs: [gateway],
        hostnames: [host],
        rules: [
          {
            matches: [{ path: { type: HttpRouteSpecRulesMatchesPathType.PATH_PREFIX, value: path } }],
            filters: stripPath ? [strip] : undefined,
            backendRefs: [{ name: to.service, port: to.port }],
          },
        ],
      },
    });
  }
}

const NGINX = 'nginx.ingress.kubernetes.io';

/** Longest wait between two pieces of an answer. A service with a longer `timeout` needs annotations of the route's own. */
const ANSWER_SECONDS = 3600;

const isNginx = ({ className }: IngressRoute) => className?.includes('nginx') === true;

/** ingress-nginx's own limits are those of a web site: uploads and long calls would end with 413 and 504. */
function nginxLimits({ maxBodyBytes = 0, streaming = false }: RouteToProps): Record<string, string> {
  return {
    [`${NGINX}/proxy-body-size`]: String(maxBodyBytes),
    [`${NGINX}/proxy-read-timeout`]: String(ANSWER_SECONDS),
    [`${NGINX}/proxy-send-timeout`]: String(ANSWER_SECONDS),
    ...(streaming ? { [`${NGINX}/proxy-request-buffering`]: 'off' } : {}),
  };
}

/** Whether certificates for it are kept in its own namespace, where cert-manager would ask for them. */
export const hasCertificate = (route: RouteProps | undefined) =>
  route?.kind === 'ingress' && route.tlsSecretName !== undefined;
