import type { Route } from '../http/route';
import { configRoute } from './config';
import { deadLetterRoute } from './dead-letters';
import { deploymentRoutes } from './deployment';
import { infoRoute } from './info';
import { jobRoutes } from './jobs';
import { logRoutes } from './logs';
import { metricsRoute } from './metrics';
import type { SystemOptions } from './options';
import { serviceRoutes } from './services';
import { statusRoute } from './status';

/** `/system/…` as OSCAR's own clients call it, and `/metrics`. */
export function systemRoutes(options: SystemOptions): Route[] {
  return [
    infoRoute(options.api),
    configRoute(options),
    statusRoute(options),
    deadLetterRoute(options),
    metricsRoute(options),
    ...serviceRoutes(options),
    ...deploymentRoutes(options),
    ...jobRoutes(options),
    ...logRoutes(options),
  ];
}
