import { Construct } from 'constructs';
import { KubeDaemonSet } from 'cdk8s-plus-27/lib/imports/k8s';
import { selectorLabels, serviceLabels, supervisorCommand } from '../contract';
import { placement } from './file-service-pod';
import type { FileServiceProps } from './file-service-props';
import { metadata, podLabels } from './metadata';
import { Pod, plainObject } from './plain';
import { LINUX, RESTRICTED_CONTAINER, SERVICE_POD } from './security';
import { pauseContainer } from './supervisor-volume';

const RESOURCES = {
  requests: { cpu: '50m', memory: '128Mi', 'ephemeral-storage': '16Mi' },
  limits: { cpu: '500m', memory: '128Mi', 'ephemeral-storage': '16Mi' },
};

/**
 * Keeps a service's image on every node that may run it. The image may hold no shell, so what runs in it is the
 * supervisor, telling its version, as nobody in particular; a container that does nothing then keeps the pod, and so the image.
 */
export class ImagePrefetch extends Construct {
  constructor(scope: Construct, id: string, { service, props }: { service: string; props: FileServiceProps }) {
    super(scope, id);
    const { supervisor, images, servicesNamespace } = props.platform;
    const labels = serviceLabels(service, 'prefetch');
    plainObject(this, 'daemon-set', KubeDaemonSet, {
      metadata: metadata({ name: `${service}-prefetch`, namespace: servicesNamespace, labels }),
      spec: {
        selector: { matchLabels: selectorLabels('prefetch', service) },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
        template: {
          metadata: { labels: podLabels(this, labels) },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            securityContext: SERVICE_POD,
            ...placement(props),
            nodeSelector: { ...LINUX, ...props.nodeSelector },
            initContainers: [
              ...supervisor.initContainers,
              {
                name: 'pull',
                image: props.image,
                imagePullPolicy: 'Always',
                command: supervisorCommand('--version'),
                resources: RESOURCES,
                securityContext: RESTRICTED_CONTAINER,
                volumeMounts: [supervisor.volumeMount],
              },
            ],
            containers: [pauseContainer(images)],
            volumes: supervisor.volumes,
          } as Pod,
        },
      },
    });
  }
}
