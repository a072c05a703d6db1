import { escaped } from '../../checks/monitoring/preview/escape-html.ts';
import { cpuChart, latencyChart, memoryChart, throughputChart } from './charts-of-result.ts';
import { type Chart, drawLines } from './draw-lines.ts';
import type { Result } from './result.ts';
import { seriesOf } from './series-of-result.ts';

export type Picture = { readonly name: string; readonly title: string; readonly svg: string };

const SIZE = { width: 860, height: 240 };
/** An SVG image does not inherit colours from its page, so it queries the colour scheme itself. */
const INK =
  '<style>svg{color:#3d4651;font-family:sans-serif}@media (prefers-color-scheme:dark){svg{color:#c3ccd6}}</style>';
const TITLE_HEIGHT = 22;

/** Draws the pictures of a run for the documents. */
export function picturesOf(result: Result): Picture[] {
  const open = ['lookup', 'replace'].flatMap((name) => seriesOf(result, name, 'open') ?? []);
  const charts: readonly (readonly [string, Chart])[] = [
    ['throughput', throughputChart(result)],
    ...open.map((series) => [`time-of-${series.name}`, latencyChart(result, series)] as const),
    ...(result.resources.length === 0
      ? []
      : ([
          ['cpu', cpuChart(result)],
          ['memory', memoryChart(result)],
        ] as const)),
  ];
  return charts.map(([name, chart]) => ({ name, title: chart.title, svg: asPicture(chart) }));
}

/** The library numbers names across all charts of a process. Numbering them per picture keeps each picture independent. */
function numberedByItself(svg: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/zr\d+-[a-z]+-?\d+/g, (name) => {
    const known = names.get(name) ?? `n${names.size}`;
    names.set(name, known);
    return known;
  });
}

function asPicture(chart: Chart): string {
  const drawn = numberedByItself(drawLines(chart, SIZE));
  const [, opening = '', inside = ''] = /^(<svg [^>]*>)([\s\S]*)<\/svg>\s*$/.exec(drawn) ?? [];
  const height = SIZE.height + TITLE_HEIGHT;
  const sized = opening
    .replace(/ height="\d+"/, ` height="${height}"`)
    .replace(/ viewBox="[^"]*"/, ` viewBox="0 0 ${SIZE.width} ${height}"`);
  return `${sized}${INK}<text x="8" y="15" font-size="13" font-weight="600" fill="currentColor">${escaped(chart.title)}</text><g transform="translate(0 ${TITLE_HEIGHT})">${inside}</g></svg>\n`;
}
