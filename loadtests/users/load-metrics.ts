import { Rate, Trend } from 'k6/metrics';
import type { Call, OperationName } from '../journal/journal-line.ts';

/** The metrics of the rollout thresholds. k6 requires metrics to be created while it loads the script. */
export function createLoadMetrics() {
  const replacementFailed = new Rate('session_replacement_failed');
  const startFailed = new Rate('session_start_failed');
  const lookupDuration = new Trend('session_lookup_duration', true);
  const replacementDuration = new Trend('session_replacement_duration', true);
  return {
    note: ({ name, at, until, outcome, code }: Call) => {
      const failed = outcome === 'unknown' || code === 'session_being_modified';
      if (STARTS.has(name)) startFailed.add(failed);
      // A fast refusal must not help to keep a latency limit.
      const timed = outcome !== 'refused';
      if (name === 'lookup' && timed) lookupDuration.add(until - at);
      if (name !== 'replace') return;
      replacementFailed.add(failed);
      if (timed) replacementDuration.add(until - at);
    },
  };
}

export type LoadMetrics = ReturnType<typeof createLoadMetrics>;

const STARTS: ReadonlySet<OperationName> = new Set(['start', 'question', 'replace', 'keep', 'stale-replace']);
