import type { Stage, Stages } from '../stages/stages.ts';
import type { StagePlan, Traffic } from './plan.ts';

export type PlanInput = { readonly stages: Stages; readonly stage: Stage; readonly traffic: Traffic };

export function planStage(_input: PlanInput): StagePlan {
  throw new Error('not built yet');
}
