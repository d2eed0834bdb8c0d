import { SERVICE_LABEL } from '../../../contract';
import { HttpError, sendJson } from '../http/answer';
import type { Exchange, Route } from '../http/route';
import { Call, METADATA_ONLY } from '../kubernetes/api';
import type { Job } from '../kubernetes/objects';
import type { JobRecord } from '../state/jobs';
import type { SystemOptions } from './options';
import { parseBool } from './parse-bool';
import { refusalOf } from './read';
import { definitionOf } from './services';

/** Jobs on a page, as many as upstream's. */
const PAGE = 70;
/** Until Kubernetes has marked thousands of Jobs for deletion. */
const DELETE_ALL_TIMEOUT_MS = 120_000;
/** Whatever was deleted would be sent back as a whole: thousands of Jobs are more than fits in memory. */
const LIST_METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';
/** What a Job owns goes too, in its own time. */
const DELETION = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' };

/** A service's Jobs: listing and deleting them. */
export function jobRoutes({ settings, services, jobs, api }: SystemOptions): Route[] {
  const path = `/apis/batch/v1/namespaces/${settings.servicesNamespace}/jobs`;

  const list = ({ response, query, parameters: { service } }: Exchange) => {
    if (!jobs.complete) throw new HttpError(503, 'Kubernetes has not told of all Jobs yet.', { 'retry-after': '2' });
    const page = jobs.page(service, PAGE, placeIn(query.get('page')));
    // Jobs outlive their service.
    if (!page.jobs.length) definitionOf(services, service);
    sendJson(response, {
      jobs: Object.fromEntries(page.jobs.map((job) => [job.name, infoOf(job)])),
      next_page: page.next === undefined ? '' : Buffer.from(page.next).toString('base64url'),
      remaining_jobs: page.remaining,
    });
  };

  const remove = async (of: string, call: Call) => {
    const answer = await api.call('DELETE', of, { body: DELETION, accept: METADATA_ONLY, ...call });
    if (answer.status !== 200 && answer.status !== 202 && answer.status !== 404 && answer.status !== 409) {
      throw refusalOf(answer, 'to delete Jobs');
    }
    return answer.status;
  };

  const removeAll = async ({ response, query, parameters: { service } }: Exchange) => {
    const fieldSelector = parseBool(query.get('all')) ? undefined : 'status.successful!=0';
    const selectors = { labelSelector: `${SERVICE_LABEL}=${service}`, fieldSelector };
    await remove(path, { query: selectors, accept: LIST_METADATA_ONLY, timeoutMs: DELETE_ALL_TIMEOUT_MS });
    response.writeHead(204).end();
  };

  const removeOne = async ({ response, parameters: { service, job } }: Exchange) => {
    const found = await api.call('GET', `${path}/${job}`, { accept: METADATA_ONLY });
    if (found.status !== 200 && found.status !== 404) throw refusalOf(found, 'to read a Job');
    const isThere = found.status === 200 && (found.body as Job).metadata.labels?.[SERVICE_LABEL] === service;
    // The very one whose label was read.
    const preconditions = isThere ? { uid: (found.body as Job).metadata.uid } : undefined;
    if (!isThere || (await remove(`${path}/${job}`, { body: { ...DELETION, preconditions } })) === 404) {
      throw new HttpError(404, `The service ${service} has no job ${job}.`);
    }
    response.writeHead(204).end();
  };

  return [
    { method: 'GET', path: '/system/logs/:service', access: 'service', handle: list },
    { method: 'DELETE', path: '/system/logs/:service', access: 'service', handle: removeAll },
    { method: 'DELETE', path: '/system/logs/:service/:job', access: 'service', handle: removeOne },
  ];
}

/** Without the times that aren't known yet. */
const infoOf = ({ status, created, started, finished }: JobRecord) => ({
  status,
  creation_time: created || undefined,
  start_time: started,
  finish_time: finished,
});

/** @throws HttpError 400 */
function placeIn(token: string | null): string | undefined {
  if (!token) return undefined;
  const place = Buffer.from(token, 'base64url').toString('latin1');
  if (/^[0-9TZ:.+-]* [a-z0-9-]+$/.test(place)) return place;
  throw new HttpError(400, '"page" must be the next_page of an answer.');
}
