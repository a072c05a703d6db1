import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MUTANTS } from './mutants.ts';
import { mutationSql } from './mutation-sql.ts';

/** Removes one safeguard after the other. The tests must pass with all of them, and fail without any one of them. */
const ROOT = resolve(import.meta.dirname, '../..');
const SUITES = ['backstop', 'kill', 'model-based'].map((suite) => `packages/guard/test/faults/${suite}.test.ts`);
const FAILURE = /FAIL\s+\S+ > (.+)/;
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

type Verdict = { readonly passed: boolean; readonly firstFailure: string };

function prove(mutation: string | undefined, suites: readonly string[]): Verdict {
  const env = {
    ...process.env,
    PHASELOCK_PROOF_STEPS: '3000',
    PHASELOCK_PROOF_SEED: '20261120',
    NO_COLOR: '1',
    ...(mutation && { PHASELOCK_TEST_MUTATION: mutation }),
  };
  const run = spawnSync('vitest', ['run', '--bail', '1', ...suites], { cwd: ROOT, env, encoding: 'utf8' });
  const output = `${run.stdout}${run.stderr}`.replaceAll(COLOUR, '');
  const [, firstFailure = output.slice(-400)] = FAILURE.exec(output) ?? [];
  return { passed: run.status === 0, firstFailure };
}

const folder = mkdtempSync(join(tmpdir(), 'phaselock-mutants-'));
process.exitCode = 1;
try {
  const everything = [...new Set([...SUITES, ...MUTANTS.flatMap(({ suites = [] }) => suites)])];
  const healthy = prove(undefined, everything);
  if (!healthy.passed) throw new Error(`the tests fail without a mutation: ${healthy.firstFailure}`);
  let survivors = 0;
  for (const [index, mutant] of MUTANTS.entries()) {
    const file = join(folder, `${index}.sql`);
    writeFileSync(file, mutationSql(mutant));
    const { passed, firstFailure } = prove(file, mutant.suites ?? SUITES);
    if (passed) survivors += 1;
    console.log(`${passed ? 'SURVIVED' : 'killed  '}  ${mutant.name}\n            ${passed ? '' : firstFailure}`);
  }
  console.log(`\n${MUTANTS.length - survivors} of ${MUTANTS.length} mutants killed`);
  process.exitCode = survivors === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
