import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { panelsOf, readDashboards } from '../dashboards/read-dashboards.ts';
import { askPrometheus } from './ask-prometheus.ts';
import { collectMarks, collectPanel, type Window } from './collect-panel.ts';
import { drawPage } from './draw-page.ts';
import { takePicture } from './take-picture.ts';

export type DrawAll = {
  readonly url: string;
  readonly window: Window;
  readonly out: string;
  /** Without Chromium, only pages are written, no pictures. */
  readonly chromium: string | undefined;
};

/** Draws every dashboard as a page and as a picture of the page. Returns the files it wrote. */
export async function drawAll({ url, window, out, chromium }: DrawAll): Promise<string[]> {
  await mkdir(out, { recursive: true });
  const prometheus = askPrometheus(url);
  const written: string[] = [];
  for (const dashboard of readDashboards()) {
    const dataOf = new Map(
      await Promise.all(
        panelsOf(dashboard).map(
          async (panel) => [panel.id, await collectPanel(prometheus, dashboard, panel, window)] as const,
        ),
      ),
    );
    const marks = await collectMarks(prometheus, dashboard, window);
    const { html, width, height } = drawPage({ dashboard, dataOf, marks, period: window });
    const page = join(out, dashboard.file.replace(/json$/, 'html'));
    await writeFile(page, html);
    written.push(page);
    if (chromium === undefined) continue;
    const png = page.replace(/html$/, 'png');
    await takePicture(chromium, { page, png, width, height });
    written.push(png);
  }
  return written;
}
