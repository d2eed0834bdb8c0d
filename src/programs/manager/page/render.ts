import { ManagerSettings, PLATFORM_STORE, StorageInput } from '../../../contract';
import { JOB_STATUSES, JobRecord, JobStatus } from '../state/jobs';
import type { ShownDeadLetter } from '../system/dead-letters';
import { Html, markup } from './html';
import { STYLE } from './style';

/** What the page shows. */
export interface PageData {
  readonly platform: string;
  readonly version: string;
  readonly environment?: ManagerSettings['environment'];
  readonly services: readonly PageService[];
  readonly jobs: readonly JobRecord[];
  /** Undefined: they can't be read now. */
  readonly deadLetters: readonly ShownDeadLetter[] | undefined;
}

export interface PageService {
  readonly name: string;
  readonly image: string;
  readonly input: readonly StorageInput[];
  readonly output: readonly StorageInput[];
  /** Undefined: the service has no Deployment. */
  readonly replicas?: number;
  readonly ready: number;
  /** Why a pod doesn't run. */
  readonly waiting?: string;
  readonly jobs: Readonly<Record<JobStatus, number>>;
}

/** One whole page of HTML, without scripts. */
export function renderPage(data: PageData): string {
  const { platform, version, environment, services, jobs, deadLetters } = data;
  const title = environment ? `${environment.name} · OSCAR` : `${platform} · OSCAR`;
  const page = markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<h1>${environment?.name ?? platform}</h1>
${environment ? markup`<p>version ${environment.version}</p>` : ''}
<p class="dim">platform ${platform} · oscar-cdk8s ${version}</p>
</header>
<main>
<nav><a href="#services">Services</a><a href="#jobs">Recent jobs</a><a href="#dead-letters">Dead letters</a></nav>
<section id="services"><h2>Services (${services.length})</h2>${serviceTable(services)}</section>
<section id="jobs"><h2>Recent jobs</h2>${jobTable(jobs)}</section>
<section id="dead-letters"><h2>Dead letters</h2>${deadLetterTable(deadLetters)}</section>
</main>
</body>
</html>
`;
  return `<!doctype html>\n${page.text}`;
}

function serviceTable(services: readonly PageService[]): Html {
  if (!services.length) return markup`<p class="dim">No service is declared yet.</p>`;
  const head = ['Service', 'From', 'To', 'Warm pods', ...JOB_STATUSES];
  return table(
    head,
    services.map((service) => [
      markup`${service.name}<br /><span class="dim">${service.image}</span>`,
      paths(service.input),
      paths(service.output),
      warm(service),
      ...JOB_STATUSES.map((status) => count(service.jobs[status], status)),
    ]),
  );
}

function jobTable(jobs: readonly JobRecord[]): Html {
  if (!jobs.length) return markup`<p class="dim">No job yet.</p>`;
  return table(
    ['Job', 'Service', 'Status', 'Created', 'Finished'],
    jobs.map(({ name, service, status, created, finished }) => [
      markup`<code>${name}</code>`,
      markup`${service}`,
      markup`<span class="${TONES[status] ?? 'dim'}">${status}</span>`,
      time(created),
      time(finished ?? ''),
    ]),
  );
}

function deadLetterTable(letters: PageData['deadLetters']): Html {
  if (!letters) return markup`<p class="bad">They can't be read now: Kubernetes does not answer.</p>`;
  if (!letters.length) return markup`<p class="dim">None: every event was for somebody.</p>`;
  return table(
    ['Problem', 'File', 'Event', 'Time'],
    letters.map((letter) => [
      markup`${letter.problem}`,
      markup`<code>${letter.bucket}/${letter.key}</code>`,
      markup`${letter.event_name}`,
      time(letter.time),
    ]),
  );
}

const TONES: Readonly<Partial<Record<JobStatus, string>>> = { Succeeded: 'good', Failed: 'bad' };

/** The first cell names its row. Where there is little room, each cell says what it is. */
function table(head: readonly string[], rows: readonly (readonly Html[])[]): Html {
  const kind = (index: number) =>
    index === 0 ? 'name' : JOB_STATUSES.some((status) => status === head[index]) ? 'number' : 'text';
  const cells = (row: readonly Html[]) =>
    row.map((cell, index) => markup`<td class="${kind(index)}" data-is="${head[index]}">${cell}</td>`);
  return markup`<table>
<thead><tr>${head.map((name, index) => markup`<th scope="col" class="${kind(index)}">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => markup`<tr>${cells(row)}</tr>\n`)}</tbody>
</table>`;
}

function paths(bindings: readonly StorageInput[]): Html {
  if (!bindings.length) return markup`<span class="dim">–</span>`;
  return markup`<ul>
    ${bindings.map(binding)}
  </ul>`;
}

function binding({ storage_provider, path, prefix, suffix }: StorageInput): Html {
  const filters = [...prefix.map((text) => `${text}*`), ...suffix.map((text) => `*${text}`)].join(' ');
  const store = storage_provider === PLATFORM_STORE ? '' : markup`<span class="dim">${storage_provider}:</span> `;
  return markup`<li>${store}<code>${path}</code>${filters ? markup` <span class="dim">${filters}</span>` : ''}</li>`;
}

function warm({ replicas, ready, waiting }: PageService): Html {
  if (replicas === undefined) return markup`<span class="dim">–</span>`;
  const why = waiting ? markup`<br /><span class="bad">${waiting}</span>` : '';
  return markup`${ready} of ${replicas} ready${why}`;
}

function count(number: number, status: JobStatus): Html {
  return number === 0
    ? markup`<span class="dim">0</span>`
    : markup`<span class="${TONES[status] ?? 'text'}">${number}</span>`;
}

const time = (text: string) =>
  text ? markup`<time datetime="${text}">${text}</time>` : markup`<span class="dim">–</span>`;
