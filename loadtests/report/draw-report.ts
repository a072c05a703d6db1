import { escaped } from '../../checks/monitoring/preview/escape-html.ts';
import { busiest, cpuChart, latencyChart, lostChart, memoryChart, throughputChart } from './charts-of-result.ts';
import { type Chart, drawLines } from './draw-lines.ts';
import { missesOf } from './format-limit.ts';
import type { Result, Series } from './result.ts';
import {
  comparisonsTable,
  factsRows,
  faultsTable,
  limitsTable,
  operationsTable,
  promisesTable,
  resourcesTable,
  type Table,
} from './rows-of-result.ts';
import { callsOf, tally } from './series-of-result.ts';

const WIDE = { width: 1_120, height: 230 };
const HALF = { width: 548, height: 200 };
/** With fewer calls, a percentile by window would rest on single calls. */
const FEWEST_CALLS = 100;

/** Renders a run as one HTML page without scripts or external files. */
export function drawReport(result: Result): string {
  const { facts, faults, proof, limits, resources } = result;
  const misses = missesOf(limits);
  const drawn = busiest(result.series).filter(({ windows }) => callsOf(tally(windows)) >= FEWEST_CALLS);
  const latencies = [...drawn.filter(({ arm }) => arm === 'open'), ...drawn.filter(({ arm }) => arm === 'closed')];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(facts.scenario)}: load run</title><style>${STYLE}</style></head><body><main>
<h1>${escaped(facts.scenario)}</h1>
<p class="when">${facts.startedAt.slice(0, 16).replace('T', ' ')} UTC</p>
<div class="verdicts">
${verdict(proof.findings.length === 0, proof.findings.length === 0 ? 'Proven' : `${proof.findings.length} findings`, proofLine(result))}
${verdict(misses.length === 0, misses.length === 0 ? 'Every limit kept' : `${misses.length} of ${limits.length} limits missed`, `${limits.length} ${limits.length === 1 ? 'limit applies' : 'limits apply'} to this scenario`)}
</div>
${proof.findings.length === 0 ? '' : section('Findings', list(proof.findings))}
${section('Limits', table(limitsTable(result)))}
${section('Throughput', key(result) + picture(throughputChart(result), WIDE))}
${section('Errors and shed calls', picture(lostChart(result), WIDE))}
${resources.length === 0 ? '' : section('CPU and memory', pair(picture(cpuChart(result), HALF), picture(memoryChart(result), HALF)) + table(resourcesTable(result)))}
${faults.length === 0 ? '' : section('Faults', `${table(faultsTable(result))}<p>Latency counts as recovered at the first whole second from which the p95 over all calls stays for three seconds within 1.5 times the p95 of the ten seconds before the fault. A call without an answer counts as slower than all others.</p>`)}
${section('Response time by operation', `<p>Claims about latency rest on the open arm, whose arrivals do not wait for answers. The closed arm shows the latency that its users experienced. Histogram buckets are 2 % wide; the axis is logarithmic.</p><div class="grid">${latencies.map((series) => panel(result, series)).join('')}</div>`)}
${section('Operations', table(operationsTable(result)))}
${section('Proof', `${table(promisesTable(result)) + (proof.notChecked.length === 0 ? '' : `<h3>Not checked</h3>${list(proof.notChecked)}`)}<details><summary>Every comparison</summary>${table(comparisonsTable(result))}</details>`)}
${section(
  'The run',
  `<table>${factsRows(result)
    .map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`)
    .join('')}</table>`,
)}
</main></body></html>
`;
}

const proofLine = ({ proof }: Result): string =>
  `${proof.promises.map(({ compared, promise }) => `${promise}: ${compared} compared`).join(' · ')}`;

const verdict = (good: boolean, title: string, text: string): string =>
  `<div class="verdict ${good ? 'good' : 'bad'}"><b>${good ? '✓' : '✗'} ${escaped(title)}</b><span>${escaped(text)}</span></div>`;

const section = (title: string, inside: string): string => `<section><h2>${escaped(title)}</h2>${inside}</section>`;
const pair = (one: string, other: string): string => `<div class="grid">${one}${other}</div>`;
const list = (lines: readonly string[]): string =>
  `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;

const picture = (chart: Chart, size: typeof WIDE): string =>
  `<figure><figcaption>${escaped(chart.title)}</figcaption>${drawLines(chart, size)}</figure>`;

const panel = (result: Result, series: Series): string => picture(latencyChart(result, series), HALF);

function key({ faults, windows }: Result): string {
  const entries = [
    ...(faults.length > 0 ? ['<i class="fault"></i>a fault'] : []),
    ...(windows.some(({ purge }) => purge === true) ? ['<i class="purge"></i>the purge worker runs'] : []),
  ];
  return entries.length === 0 ? '' : `<p class="key">${entries.map((entry) => `<span>${entry}</span>`).join('')}</p>`;
}

const NUMBER = /^[–<∞]?\s?[\d\u202f.]+(\s?(ms|s|%|B|KiB|MiB|GiB|cores))?$|^–$/;

function table({ headings, rows }: Table): string {
  const isNumber = headings.map((_, at) => rows.length > 0 && rows.every((row) => NUMBER.test(row[at] ?? '')));
  const cell = (tag: 'th' | 'td') => (text: string, at: number) => {
    const marks = [isNumber[at] === true ? 'n' : '', text === 'missed' ? 'bad' : text === 'kept' ? 'good' : ''];
    return `<${tag} class="${marks.join(' ').trim()}">${escaped(text)}</${tag}>`;
  };
  const body = rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('');
  return `<div class="wide"><table><thead><tr>${headings.map(cell('th')).join('')}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const STYLE = `
:root{color-scheme:light dark;--page:#fff;--ink:#1d232b;--faint:#5b6673;--edge:#d9dee4;--good:#17753f;--bad:#b3261e;--good-ground:#e9f6ee;--bad-ground:#fdeceb}
@media (prefers-color-scheme:dark){:root{--page:#14171c;--ink:#dde3ea;--faint:#98a4b1;--edge:#323a44;--good:#5fcf8e;--bad:#ff8a80;--good-ground:#152a1e;--bad-ground:#331a1a}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,'DejaVu Sans',sans-serif}
main{max-width:1168px;margin:0 auto;padding:24px}
h1{margin:0;font-size:28px}.when{margin:0 0 16px;color:var(--faint)}
h2{font-size:19px;margin:36px 0 10px;padding-bottom:4px;border-bottom:1px solid var(--edge)}
.verdicts{display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:12px}
.verdict{border-radius:6px;padding:12px 16px;border:1px solid}
.verdict b{display:block;font-size:18px}.verdict span{color:var(--faint);font-size:13px}
.verdict.good{border-color:var(--good);background:var(--good-ground)}.verdict.good b,td.good{color:var(--good)}
.verdict.bad{border-color:var(--bad);background:var(--bad-ground)}.verdict.bad b,td.bad{color:var(--bad);font-weight:600}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:14px}
th,td{text-align:left;padding:4px 18px 4px 0;border-bottom:1px solid var(--edge);vertical-align:top}
th{color:var(--faint);font-weight:500}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:16px 24px}
figure{margin:0;min-width:0}figcaption{font-size:13px;font-weight:600;margin:4px 0}
figure svg{display:block;width:100%;height:auto}
.key span{margin-right:18px;font-size:13px;color:var(--faint)}
.key i{display:inline-block;width:14px;height:12px;margin-right:6px;vertical-align:-1px}
.fault{background:rgba(208,48,48,.4)}.purge{background:rgba(59,130,214,.35)}
li{margin:3px 0;overflow-wrap:anywhere}details{margin-top:12px}summary{cursor:pointer}
p{max-width:80ch}
`;
