import { Construct } from 'constructs';
import { KubeHorizontalPodAutoscalerV2, KubePodDisruptionBudget } from 'cdk8s-plus-27/lib/imports/k8s';
import { selectorLabels, serviceLabels } from '../contract';
import { scaleOf, ServiceModel } from './file-service-model';
import { metadata } from './metadata';
import { plainObject } from './plain';

/** Whether the number of pods follows their load. */
export function isAutoscaled(model: ServiceModel): boolean {
  const { minScale, maxScale } = scaleOf(model);
  return maxScale > Math.max(1, minScale);
}

/**
 * `replicas` of the Deployment: only where nobody else decides. An autoscaler does, and with a minimum of 0 the manager,
 * which starts the first pod on demand and ends the last when it is idle. A new Deployment gets 1 from the API server
 * then; the manager takes that pod away at once, as nobody has asked for it.
 */
export function replicasOf(model: ServiceModel): { replicas?: number } {
  const { minScale } = scaleOf(model);
  return isAutoscaled(model) || minScale === 0 ? {} : { replicas: minScale };
}

/** The autoscaler, where the scale has a range, and the disruption budget, where pods shall always be there. */
export function scaling(scope: Construct, model: ServiceModel): void {
  const { name, platform } = model;
  const { minScale, maxScale, cpuThreshold } = scaleOf(model);
  const meta = metadata({ name, namespace: platform.servicesNamespace, labels: serviceLabels(name) });
  if (isAutoscaled(model)) {
    plainObject(scope, 'autoscaler', KubeHorizontalPodAutoscalerV2, {
      metadata: meta,
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        // It rests while the manager has the Deployment at 0.
        minReplicas: Math.max(1, minScale),
        maxReplicas: maxScale,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpuThreshold } },
          },
        ],
      },
    });
  }
  if (minScale >= 2) {
    plainObject(scope, 'disruption-budget', KubePodDisruptionBudget, {
      metadata: meta,
      spec: { maxUnavailable: 1, selector: { matchLabels: selectorLabels('service', name) } },
    });
  }
}
