import { HEALTH_PATH } from '../../../contract';
import { sendText } from './answer';
import type { Route } from './route';

/** @param missing what keeps the manager from taking requests, in words; nothing: it is ready */
export function healthRoute(missing: () => string | undefined): Route {
  return {
    method: 'GET',
    path: HEALTH_PATH,
    access: 'anyone',
    handle: ({ query, response }) => {
      const reason = query.has('live') ? undefined : missing();
      if (reason === undefined) sendText(response, 200, 'Ok');
      else sendText(response, 503, `${reason}\n`);
    },
  };
}
