/** How something is reached from outside the cluster. */
export type RouteProps = IngressRoute | GatewayRoute;

export interface IngressRoute {
  readonly kind: 'ingress';
  readonly host: string;
  /** Secret (type `kubernetes.io/tls`) with the host's certificate. @default no TLS */
  readonly tlsSecretName?: string;
  /** @default the cluster's default class */
  readonly className?: string;
  /** For the ingress controller, e.g. `cert-manager.io/cluster-issuer`. @default none */
  readonly annotations?: Record<string, string>;
}

/** Gateway API: TLS is the Gateway's business. */
export interface GatewayRoute {
  readonly kind: 'httpRoute';
  readonly host: string;
  readonly gateway: { readonly name: string; readonly namespace?: string; readonly sectionName?: string };
}
