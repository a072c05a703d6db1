import type { Dashboard } from '../dashboards/read-dashboards.ts';
import type { Period } from './ask-prometheus.ts';
import type { Mark, PanelData } from './collect-panel.ts';
import { drawPanel } from './draw-panel.ts';
import { escaped } from './escape-html.ts';
import { colorNamed, THEME } from './palette.ts';

export type Page = { readonly html: string; readonly width: number; readonly height: number };

const WIDTH = 1_600;
const MARGIN = 12;
const TOP = 64;
/** Grafana's grid: 24 columns, and rows of 30 pixels with 8 pixels between them. */
const COLUMN = (WIDTH - 2 * MARGIN) / 24;
const ROW = 38;
const GAP = 8;
const TITLE = 26;
const PADDING = 8;

export type PageInput = {
  readonly dashboard: Dashboard;
  readonly dataOf: ReadonlyMap<number, PanelData>;
  readonly marks: readonly Mark[];
  readonly period: Period;
};

/** Draws a dashboard as a self-contained page, without scripts or other files. */
export function drawPage({ dashboard, dataOf, marks, period }: PageInput): Page {
  const boxes = dashboard.panels.map((panel) => {
    const { x, y, w, h } = panel.gridPos;
    const [left, top, width, height] = [MARGIN + x * COLUMN, TOP + y * ROW, w * COLUMN - GAP, h * ROW - GAP];
    const style = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`;
    if (panel.type === 'row') return `<h2 style="${style}">${escaped(panel.title)}</h2>`;
    const data = dataOf.get(panel.id) ?? { series: [], exemplars: [] };
    const size = { width: Math.floor(width - 2 * PADDING), height: Math.floor(height - TITLE - PADDING) };
    const inside = drawPanel({ panel, data, marks, period }, size);
    return `<section style="${style}" title="${escaped(panel.description)}"><h3>${escaped(panel.title)}</h3>${inside}</section>`;
  });
  const bottom = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
  const height = TOP + bottom * ROW + MARGIN;
  const about = dashboard.description.replace(/ Made from .*$/, '');
  const when = `${clock(period.from)} to ${clock(period.to)} UTC`;
  const key = dashboard.annotations.list.map(
    ({ name, iconColor }) => `<span><i style="background:${colorNamed(iconColor)}"></i>${escaped(name)}</span>`,
  );
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(dashboard.title)}</title><style>${STYLE}</style>
<body style="width:${WIDTH}px;height:${height}px"><header><h1>${escaped(dashboard.title)}</h1><p>${escaped(about)}</p><div class="key">${key.join('')} ${when}</div></header>
${boxes.join('\n')}</body></html>\n`;
  return { html, width: WIDTH, height };
}

const clock = (unixSeconds: number): string => new Date(unixSeconds * 1_000).toISOString().slice(11, 19);

const STYLE = `
*{box-sizing:border-box;margin:0}
body{position:relative;background:${THEME.page};color:${THEME.text};font:13px 'DejaVu Sans',sans-serif;overflow:hidden}
header{padding:12px ${MARGIN}px}
h1{font-size:19px;font-weight:500}
header p{color:${THEME.faint};margin-top:4px}
.key{position:absolute;right:${MARGIN}px;top:16px;color:${THEME.faint}}
.key span,.legend span{margin-right:12px;white-space:nowrap}
.key i,.legend i{display:inline-block;width:14px;height:4px;border-radius:2px;margin-right:5px;vertical-align:middle}
h2{position:absolute;font-size:14px;font-weight:500;padding-top:6px}
section{position:absolute;background:${THEME.panel};border:1px solid ${THEME.edge};border-radius:3px;padding:0 ${PADDING}px ${PADDING}px;overflow:hidden}
h3{font-size:13px;font-weight:500;height:${TITLE}px;line-height:${TITLE}px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
section>svg{display:block}
.legend{overflow:hidden;font-size:11px;line-height:17px;color:${THEME.faint}}
.none{height:calc(100% - ${TITLE}px);display:flex;align-items:center;justify-content:center;color:${THEME.faint};font-size:16px}
.stats{display:flex;gap:4px;height:calc(100% - ${TITLE}px)}
.stat{flex:1;display:flex;flex-direction:column;align-items:center;justify-content:center;border-radius:3px;min-width:0;overflow:hidden}
.stat .name{font-size:11px;white-space:nowrap}
.stat b{font-weight:600;white-space:nowrap}
table{width:100%;border-collapse:collapse;font-size:12px}
th,td{text-align:left;padding:3px 8px;border-bottom:1px solid ${THEME.edge};white-space:nowrap}
th{color:${THEME.faint};font-weight:500}
.lanes{height:calc(100% - ${TITLE}px);display:flex;flex-direction:column;justify-content:space-evenly}
.lane{display:flex;align-items:center;gap:8px}
.lane span{width:38%;font-size:11px;color:${THEME.faint};text-align:right;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.lane div{position:relative;flex:1;background:${THEME.grid}}
.lane div i{position:absolute;top:0;bottom:0}
.lane em{position:absolute;right:6px;top:50%;transform:translateY(-50%);font-style:normal;font-size:11px;color:#111}
`;
