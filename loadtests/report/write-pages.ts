import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RESULTS } from './keep-result.ts';
import { loadPage } from './load-page.ts';
import { nameOfResult } from './name-of-result.ts';
import { picturesOf } from './pictures-of-result.ts';
import { type Processes, readProcesses } from './processes.ts';
import { type Result, readResult } from './result.ts';
import { scalingPage } from './scaling-page.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');
const PICTURES = 'pictures/load';

export async function readResults(folder = RESULTS): Promise<Map<string, Result>> {
  const names = await readdir(folder).catch((): string[] => []);
  const files = names.filter((name) => name.endsWith('.json')).toSorted();
  const results = await Promise.all(files.map((name) => readResult(join(folder, name))));
  return new Map(results.map((result) => [nameOfResult(result), result]));
}

/** Generates docs/load.md, docs/scaling.md and their pictures as text, by file name. */
export function pagesOf(
  results: ReadonlyMap<string, Result>,
  processes: Processes | undefined,
): ReadonlyMap<string, string> {
  const drawn = new Map(
    [...results].map(([of, result]) => [
      of,
      picturesOf(result).map(({ name, title, svg }) => ({ file: `${PICTURES}/${of}-${name}.svg`, title, svg })),
    ]),
  );
  const named = (result: Result) => drawn.get(nameOfResult(result)) ?? [];
  const pictures = [...drawn.values()].flat().map(({ file, svg }) => [file, svg] as const);
  return new Map([...pictures, ['load.md', loadPage(results, named)], ['scaling.md', scalingPage(results, processes)]]);
}

export const pictureNames = async (docs = DOCS): Promise<string[]> =>
  (await readdir(join(docs, PICTURES)).catch((): string[] => [])).map((name) => `${PICTURES}/${name}`);

/** Writes the pages generated from the stored results, and removes pictures of deleted results. Returns the files. */
export async function writePages(results = RESULTS, docs = DOCS): Promise<string[]> {
  const pages = pagesOf(await readResults(results), await readProcesses(results));
  for (const old of await pictureNames(docs)) if (!pages.has(old)) await rm(join(docs, old));
  await mkdir(join(docs, PICTURES), { recursive: true });
  for (const [file, text] of pages) await writeFile(join(docs, file), text);
  return [...pages.keys()].map((file) => join(docs, file));
}
