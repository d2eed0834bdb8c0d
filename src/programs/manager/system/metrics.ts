import { send } from '../http/answer';
import type { Route } from '../http/route';
import type { SystemOptions } from './options';

export function metricsRoute({ metrics }: Pick<SystemOptions, 'metrics'>): Route {
  return {
    method: 'GET',
    path: '/metrics',
    access: 'metrics',
    handle: async ({ response }) => send(response, 200, metrics.contentType, await metrics.text()),
  };
}
