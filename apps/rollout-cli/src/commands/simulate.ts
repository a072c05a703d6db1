import { readFile } from 'node:fs/promises';
import { readRecording, simulateBake } from '@phaselock/rollout';
import { readStagesFile, Unusable } from '../open-rollout.ts';
import type { Command } from '../read-arguments.ts';
import type { Report } from '../report.ts';
import type { Config } from '../settings.ts';

/** Judges samples from a file. It uses neither the database nor Prometheus, and writes nothing. */
export async function simulate(
  config: Config,
  { flag, file, everyMs }: Command & { kind: 'simulate' },
): Promise<Report> {
  const stages = await readStagesFile(config, flag);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Unusable(`the recording cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  const lines = readRecording(text);
  const simulated = await simulateBake({ stages, flag, lines, everyMs });
  if (simulated.kind === 'unusable') throw new Unusable(simulated.why);
  const { decision, verdict, notes } = simulated;
  const outcome = decision.kind === 'refuse' ? 'error' : decision.outcome;
  return { command: 'simulate', flag, outcome, told: `nothing was written. ${decision.told}`, verdict, notes };
}
