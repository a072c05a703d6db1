import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { nameOfResult } from './name-of-result.ts';
import { readResult } from './result.ts';

export const RESULTS = resolve(import.meta.dirname, '../results');

/** Copies the result of a run to the folder from which the documents are generated. Returns the file. */
export async function keepResult(path: string, into = RESULTS): Promise<string> {
  const result = await readResult(path);
  const { findings } = result.proof;
  if (findings.length > 0)
    throw new Error(
      `the proof of ${path} failed with ${findings.length} finding${findings.length === 1 ? '' : 's'}: the documents are generated from kept results, so this result is not kept`,
    );
  await mkdir(into, { recursive: true });
  const file = join(into, `${nameOfResult(result)}.json`);
  // The addresses are irrelevant to the measurement and may be private.
  await writeFile(file, `${JSON.stringify({ ...result, facts: { ...result.facts, urls: [] } })}\n`);
  return file;
}
