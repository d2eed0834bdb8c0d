import { sendJson } from '../http/answer';
import type { Route } from '../http/route';
import { BACKEND } from './info';
import type { SystemOptions } from './options';

export function configRoute({ settings, services, secrets }: SystemOptions): Route {
  return {
    method: 'GET',
    path: '/system/config',
    access: 'admin',
    handle: ({ response }) => {
      const { name, namespace, servicesNamespace, minio } = settings;
      sendJson(response, {
        config: {
          name,
          namespace,
          services_namespace: servicesNamespace,
          gpu_available: [...services.all.values()].some((service) => service.enable_gpu),
          interLink_available: false,
          yunikorn_enable: false,
          serverless_backend: BACKEND,
          oidc_groups: [],
        },
        minio_provider: {
          endpoint: minio.endpoint,
          verify: minio.verify,
          access_key: secrets.get('minio/accessKey') ?? '',
          secret_key: secrets.get('minio/secretKey') ?? '',
          region: minio.region,
        },
        allowed_image_repositories: [],
      });
    },
  };
}
