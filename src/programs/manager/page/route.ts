import { send } from '../http/answer';
import type { Route } from '../http/route';
import { JobStatus } from '../state/jobs';
import { readDeadLetters } from '../system/dead-letters';
import type { SystemOptions } from '../system/options';
import { VERSION } from '../version';
import { PageData, PageService, renderPage } from './render';
import { CONTENT_SECURITY_POLICY } from './style';

const JOBS = 20;
const DEAD_LETTERS = 20;
const NO_JOBS: Readonly<Record<JobStatus, number>> = { Pending: 0, Running: 0, Succeeded: 0, Failed: 0 };

/** The page at `/`, behind the browser's own login. */
export function pageRoute(options: SystemOptions): Route {
  return {
    method: 'GET',
    path: '/',
    access: 'admin',
    handle: async ({ response }) => {
      const headers = { 'content-security-policy': CONTENT_SECURITY_POLICY };
      send(response, 200, 'text/html; charset=utf-8', renderPage(await pageData(options)), headers);
    },
  };
}

async function pageData({ settings, services, jobs, warmPods, api }: SystemOptions): Promise<PageData> {
  const counts = new Map(jobs.counts());
  const shown = [...services.all.values()].map(({ name, image, input, output }): PageService => ({
    ...{ name, image, input, output },
    replicas: warmPods.replicas(name),
    ready: warmPods.ready(name).length,
    waiting: warmPods.of(name).find(({ waiting }) => waiting)?.waiting,
    jobs: counts.get(name) ?? NO_JOBS,
  }));
  return {
    platform: settings.name,
    version: VERSION,
    environment: settings.environment,
    services: shown.sort((a, b) => (a.name < b.name ? -1 : 1)),
    jobs: jobs.newest(JOBS),
    // The page is looked at when something is wrong.
    deadLetters: await readDeadLetters(api, settings.namespace, DEAD_LETTERS).catch(() => undefined),
  };
}
