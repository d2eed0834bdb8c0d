import { createHash } from 'node:crypto';

/** The page's look: the system's fonts and colors, dark or light. Tables become lists where there is little room. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: #666; --good: #1a7f37; --bad: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --dim: #999; } }
* { box-sizing: border-box; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1200px; padding: 1rem; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 1.8rem 0 .5rem; }
p, nav { margin: .25rem 0; }
a { color: inherit; margin-right: 1rem; }
.dim { color: var(--dim); }
.good { color: var(--good); }
.bad { color: var(--bad); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.text, td.name { min-width: 10rem; }
td.name .dim { font-weight: 400; }
time { white-space: nowrap; }
code { font: 13px/1.4 ui-monospace, monospace; }
ul { list-style: none; margin: 0; padding: 0; }
@media (max-width: 1000px) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, td { display: block; }
  tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  td, td.number, td.text { border: 0; min-width: 0; padding: .1rem 0; text-align: left; white-space: normal; }
  td.number { display: inline-block; margin-right: 1rem; }
  td::before { content: attr(data-is) ": "; color: var(--dim); }
  td.name { font-weight: 600; min-width: 0; }
  td.name::before { content: none; }
}
`;

const hash = createHash('sha256').update(STYLE).digest('base64');

/** Nothing but this very style: what gets into the page somehow does nothing. */
export const CONTENT_SECURITY_POLICY = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox`;
