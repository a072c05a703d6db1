import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { nameOfResult } from './name-of-result.ts';
import { readResult } from './result.ts';

export const RESULTS = resolve(import.meta.dirname, '../results');

/** Copies the result of a run to where the documents are made from. Answers the file. */
export async function keepResult(path: string, into = RESULTS): Promise<string> {
  const result = await readResult(path);
  const { findings } = result.proof;
  if (findings.length > 0)
    throw new Error(
      `the proof of ${path} failed with ${findings.length} finding${findings.length === 1 ? '' : 's'}: the documents are made of kept results, so it is not kept`,
    );
  await mkdir(into, { recursive: true });
  const file = join(into, `${nameOfResult(result)}.json`);
  // Where a product was reached says nothing of what was measured.
  await writeFile(file, `${JSON.stringify({ ...result, facts: { ...result.facts, urls: [] } })}\n`);
  return file;
}
