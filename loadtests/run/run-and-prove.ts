import { proveRun } from '../proof/prove-run.ts';
import { writeReport } from '../report/write-report.ts';
import { runScenario, type ScenarioOptions } from './run-scenario.ts';
import { tellError } from './tell-error.ts';
import { verdictOf } from './verdict.ts';

/**
 * Runs the load, checks everything acknowledged against the state afterwards, and writes the report. Returns the exit
 * code: 2 if the check has findings, 3 if a limit was missed.
 */
export async function runAndProve(options: ScenarioOptions): Promise<number> {
  const { say } = options;
  const { folder, product, facts } = await runScenario(options);
  say('checking everything that was acknowledged');
  const proof = await proveRun({ folder, product, say }).catch((error: unknown) => {
    throw new Error(`the proof of ${folder} was aborted (${tellError(error)}): nothing was proven`);
  });
  const { findings } = proof;
  const { misses } = await writeReport({ folder, proof });
  for (const finding of findings) say(`NOT PROVEN: ${finding}`);
  for (const miss of misses) say(`MISSED: ${miss}`);
  const { exitCode, told } = verdictOf({ findings, misses, k6Exit: facts.k6Exit });
  say(`${told} The run is in ${folder}`);
  return exitCode;
}
