import type { Evidence } from '../evidence/evidence.ts';
import type { Stages } from '../stages/stages.ts';
import type { FlagTruth, Hold } from './verdict.ts';

export type PreconditionsInput = {
  readonly stages: Stages;
  readonly evidence: Evidence;
  readonly expected: FlagTruth;
};

/** What forbids promoting now. Before a bake, over evidence whose `from` is its `to`: whether the bake may begin. */
export function checkPreconditions(_input: PreconditionsInput): Hold[] {
  throw new Error('not built yet');
}
