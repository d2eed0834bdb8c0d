import { App, Chart } from 'cdk8s';
import { FileService, FileServiceProps } from '../../src/constructs/file-service';
import { Images } from '../../src/constructs/images';
import { KubernetesVersion } from '../../src/constructs/kubernetes-version';
import type { IPlatform } from '../../src/constructs/platform-reference';
import { Script } from '../../src/constructs/script';
import { ServiceRegistry } from '../../src/constructs/service-registry';
import { StorageProvider } from '../../src/constructs/storage';
import { SUPERVISOR_VOLUME } from '../../src/constructs/supervisor-mount';
import { ENVIRONMENT_LABEL } from '../../src/contract';

export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels: Record<string, string>; annotations?: Record<string, string> };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  [field: string]: any;
};

/** A platform as a service sees it, with the buckets `photos` and `archive`. */
export function platform(props: Partial<IPlatform> = {}): IPlatform {
  const services = new ServiceRegistry({
    servicesNamespace: props.servicesNamespace ?? 'oscar-svc',
    platform: 'oscar',
  });
  services.declareBucket('photos');
  services.declareBucket('archive');
  return {
    name: 'oscar',
    namespace: 'oscar',
    servicesNamespace: 'oscar-svc',
    kubernetesVersion: KubernetesVersion.DEFAULT,
    images: new Images(),
    supervisor: {
      volumes: [{ name: SUPERVISOR_VOLUME, persistentVolumeClaim: { claimName: 'oscar-supervisor' } }],
      volumeMount: { name: SUPERVISOR_VOLUME, mountPath: '/oscar/bin', readOnly: true },
      initContainers: [],
    },
    store: StorageProvider.platformStore({
      endpoint: 'http://oscar-minio.oscar.svc:9000',
      region: 'us-east-1',
      verify: true,
    }),
    networkPolicies: true,
    services,
    ...props,
  };
}

export const chart = () =>
  new Chart(new App(), 'test', { labels: { [ENVIRONMENT_LABEL]: 'test', 'oscar-cdk8s/version': '1' } });

type Given = Partial<Omit<FileServiceProps, 'platform'>> & { readonly platform?: IPlatform };

/** A small service; what is given is added. */
export const propsOf = (given: Given = {}): FileServiceProps => ({
  platform: given.platform ?? platform(),
  image: 'ghcr.io/grycap/cowsay',
  script: Script.inline('#!/bin/sh\ncowsay < "$INPUT_FILE_PATH"\n'),
  ...given,
});

/** Its objects, by kind. */
export function synthesize(given: Given = {}, name = 'cowsay'): Record<string, Manifest> {
  const scope = chart();
  new FileService(scope, name, propsOf(given));
  return byKind(scope);
}

export const manifests = (scope: Chart): Manifest[] => scope.toJson();

export const byKind = (scope: Chart): Record<string, Manifest> =>
  Object.fromEntries(manifests(scope).map((object) => [object.kind, object]));

/** The error that `act` ends in, as its message. */
export function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if ((error as Error).name !== 'DeclarationError') throw error;
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}

/** Secrets that a pod mounts for its storage providers. */
export function secretsIn(spec: Manifest): string[] {
  const { projected } = spec.volumes.find(({ name }: { name: string }) => name === 'providers');
  return [...new Set<string>(projected.sources.map(({ secret }: Manifest) => secret.name))].sort();
}
