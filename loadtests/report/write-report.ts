import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Proof } from '../proof/prove-run.ts';
import { buildResult } from './build-result.ts';
import { drawReport } from './draw-report.ts';
import { missesOf } from './format-limit.ts';
import { RESULT_FILE } from './result.ts';

export type Verdict = {
  /** True if the proof has no findings and no limit was missed. */
  readonly passed: boolean;
  /** One line per missed limit. The findings of the proof are not included. */
  readonly misses: readonly string[];
};

export type WriteReport = { readonly folder: string; readonly proof: Proof };

/** Writes result.json and report.html to the folder of the run. */
export async function writeReport({ folder, proof }: WriteReport): Promise<Verdict> {
  const result = await buildResult(folder, proof);
  await writeFile(join(folder, RESULT_FILE), `${JSON.stringify(result)}\n`);
  await writeFile(join(folder, 'report.html'), drawReport(result));
  const misses = missesOf(result.limits);
  return { passed: misses.length === 0 && proof.findings.length === 0, misses };
}
