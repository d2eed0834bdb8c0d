import { IncomingMessage, ServerResponse } from 'node:http';
import { EVENTS_PATH, HEALTH_PATH } from '../../contract';
import { pathOf, text } from '../common/http';

/**
 * Answers one request. There is no more than health yet: calls are refused, never taken and dropped. Events get a
 * 503, so that MinIO keeps them in its queue and sends them again.
 */
export function handle(request: IncomingMessage, response: ServerResponse): void {
  const path = pathOf(request.url);
  if (path === HEALTH_PATH && (request.method === 'GET' || request.method === 'HEAD')) text(response, 200, 'Ok');
  else if (path === EVENTS_PATH) text(response, 503, 'This manager takes no events yet: keep them.');
  else text(response, 501, `This manager has no ${request.method} ${path} yet.`);
}
