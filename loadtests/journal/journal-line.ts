import type { Operation } from '../../chaos/history/operation.ts';

/** First line of a run: binds k6's monotonic run clock to the wall clock. */
export type RunBegan = { readonly is: 'began'; readonly wallMs: number; readonly at: number };

/** An operation as reports name it. */
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

/** Users who wait for an answer before they go on, or arrivals at a rate that no answer holds back. */
export type Arm = 'closed' | 'open';

/** One HTTP call; an operation of a history, so that the checkers of chaos judge it. Times are milliseconds of k6's run clock. */
export type Call = Operation & { readonly name: OperationName; readonly arm: Arm };

/** An arrival that found no user to run it leaves no line: k6 counts those in its summary, as dropped_iterations. */
export type JournalLine = RunBegan | Call;
