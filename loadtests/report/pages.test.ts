import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readProcesses } from './processes.ts';
import { pagesOf, pictureNames, readResults, writePages } from './write-pages.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');
const HOW = 'PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test loadtests/report/pages';

test('docs/load.md, docs/scaling.md and their pictures match the stored results', async () => {
  const { PHASELOCK_UPDATE_DOCS: updateDocs } = process.env;
  if (updateDocs === '1') await writePages();
  const pages = pagesOf(await readResults(), await readProcesses());
  for (const [file, text] of pages) expect(await readFile(join(DOCS, file), 'utf8'), HOW).toBe(text);
  expect((await pictureNames()).filter((file) => !pages.has(file))).toEqual([]);
});

test('pages without results state that no scenario was run', () => {
  const pages = pagesOf(new Map(), undefined);
  const load = pages.get('load.md') ?? '';
  expect(load.match(/^Not run yet\.$/gm)).toHaveLength(12);
  expect(pages.get('scaling.md')).toContain('No run yet');
  expect(pages.get('scaling.md')).toContain('Not measured yet');
});
