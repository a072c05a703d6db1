import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ladderFor, readStages } from '../src/stages/read-stages.ts';
import type { Stage, Stages } from '../src/stages/stages.ts';

export const STAGES_FILE = resolve(import.meta.dirname, '../../../ops/rollout/stages.yml');

/** The shipped stages with short bakes, so that tests can read every sample of them. */
export function stagesForTests(least = '30m', most = '4h'): Stages {
  const text = readFileSync(STAGES_FILE, 'utf8');
  return readStages(text.replaceAll(/least: \d+h, most: \d+d/g, `least: ${least}, most: ${most}`));
}

export function stageOf(stages: Stages, number: number, flag = 'single_session_guard'): Stage {
  const stage = ladderFor(stages, flag)?.stages[number - 1];
  if (stage === undefined) throw new Error(`${flag} has no stage ${number}`);
  return stage;
}
