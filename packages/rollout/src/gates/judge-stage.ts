import type { Evidence } from '../evidence/evidence.ts';
import type { Stage, Stages } from '../stages/stages.ts';
import type { FlagTruth, StageVerdict } from './verdict.ts';

export type JudgeInput = {
  readonly stages: Stages;
  readonly stage: Stage;
  readonly evidence: Evidence;
  readonly expected: FlagTruth;
  /** Whether a bake that has lasted its least time is decided now although numbers are missing, as at its longest time. */
  readonly endNow?: boolean;
};

/** Pure: the same evidence gives the same verdict, whenever it is judged. */
export function judgeStage(_input: JudgeInput): StageVerdict {
  throw new Error('not built yet');
}
