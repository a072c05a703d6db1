import type { Operation } from './board.ts';
import * as other from './other-operations.ts';
import * as starts from './start-operations.ts';
import * as turns from './turn-operations.ts';

/** Every operation, with how often it is called in proportion to the others. */
export const OPERATIONS = {
  start: { weight: 6, call: starts.start },
  confirm: { weight: 3, call: starts.confirm },
  'bulk-start': { weight: 1, call: starts.bulkStart },
  standalone: { weight: 1.2, call: starts.standalone },
  turn: { weight: 24, call: turns.startTurn },
  heartbeat: { weight: 5, call: turns.heartbeat },
  conversation: { weight: 10, call: turns.tellConversation },
  logs: { weight: 8, call: turns.appendLogs },
  usage: { weight: 6, call: turns.recordUsage },
  finish: { weight: 13, call: turns.finishTurn },
  'report-as-before': { weight: 3, call: turns.reportAsBefore },
  close: { weight: 2, call: other.closeSession },
  delete: { weight: 1, call: other.softDelete },
  'bulk-delete': { weight: 0.5, call: other.bulkDelete },
  feedback: { weight: 2, call: other.giveFeedback },
  repeat: { weight: 5, call: other.repeat },
  'reuse-key': { weight: 0.3, call: other.reuseKey },
  'add-attempt': { weight: 1, call: other.addAttempt },
  'delete-attempt': { weight: 0.5, call: other.deleteAttempt },
  'delete-task': { weight: 0.4, call: other.deleteTask },
  catalogue: { weight: 1, call: other.editCatalogue },
  flags: { weight: 0.6, call: other.flipFlags },
  lapse: { weight: 4, call: other.lapse },
  sweep: { weight: 2, call: other.sweep },
  purge: { weight: 0.3, call: other.purge },
  orphans: { weight: 0.3, call: other.deleteOrphans },
} as const satisfies Readonly<Record<string, { readonly weight: number; readonly call: Operation }>>;

export type OperationName = keyof typeof OPERATIONS;

/** Operations that have nothing to refuse. */
export const NEVER_REFUSED: ReadonlySet<OperationName> = new Set<OperationName>([
  'bulk-delete',
  'catalogue',
  'flags',
  'orphans',
  'purge',
  'sweep',
]);
