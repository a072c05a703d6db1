import type { Operation } from '../../chaos/history/operation.ts';

/** First line of a run: relates k6's monotonic run clock to the wall clock. */
export type RunBegan = { readonly is: 'began'; readonly wallMs: number; readonly at: number };

/** Operation names in reports. */
export type OperationName =
  | 'create-project'
  | 'create-task'
  | 'create-attempt'
  | 'start'
  | 'question'
  | 'replace'
  | 'keep'
  | 'turn'
  | 'heartbeat'
  | 'logs'
  | 'usage'
  | 'finish'
  | 'lookup'
  | 'lookup-many'
  | 'list'
  | 'export'
  | 'feedback'
  | 'delete'
  | 'stale-turn'
  | 'stale-replace'
  | 'read-session';

/**
 * Workload model: in the closed arm users wait for a response before they continue; in the open arm calls arrive at a
 * constant rate, whether earlier ones were answered or not.
 */
export type Arm = 'closed' | 'open';

/**
 * One HTTP call, in the form of an operation of the fault campaign, so that the checkers in chaos/ can judge it. Times
 * are milliseconds of k6's run clock.
 */
export type Call = Operation & { readonly name: OperationName; readonly arm: Arm };

/**
 * A line of the journal. If k6 has no free user when a call of the open arm is due, the call is not made and leaves no
 * line; k6 counts it as dropped_iterations.
 */
export type JournalLine = RunBegan | Call;
