import type { Prometheus } from '../prometheus/prometheus.ts';
import type { Stage, Stages } from '../stages/stages.ts';
import type { Evidence } from './evidence.ts';

export type CollectInput = {
  readonly stages: Stages;
  readonly stage: Stage;
  /** When the bake began, in milliseconds; the same as `to` before it. */
  readonly from: number;
  readonly to: number;
};

/** Never throws for what Prometheus answers: what could not be read is in `refusals`. */
export async function collectEvidence(_prometheus: Prometheus, _input: CollectInput): Promise<Evidence> {
  throw new Error('not built yet');
}
