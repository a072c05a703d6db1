import {
  type ErrorCode,
  judgeReport,
  PhaselockError,
  type Report,
  type SessionId,
  type Standing,
} from '@phaselock/core';
import { readSession, readSlotState } from '@phaselock/store';
import type { GuardContext } from './context.ts';

/** The answer of the database to a report that it did not accept. */
export type RefusedReport =
  | { readonly outcome: 'stale' | 'session-not-found' | 'process-not-found' | 'illegal-transition' }
  | { readonly outcome: 'refused'; readonly standing: Standing };

type Refusal = {
  readonly report: Report;
  readonly operation: Parameters<GuardContext['telemetry']['writeFenced']>[0];
  readonly sessionId: SessionId;
};

/** Throws the error of the catalogue for a refused report, and counts fenced writes. */
export async function refuseReport(
  ctx: GuardContext,
  refused: RefusedReport,
  { report, operation, sessionId }: Refusal,
): Promise<never> {
  const code = codeOf(refused, report);
  if (code === 'stale_generation') {
    ctx.telemetry.writeFenced(operation);
    throw new PhaselockError(code, { detail: await whichHolds(ctx, sessionId) });
  }
  if (code === 'stale_process') {
    ctx.telemetry.writeFenced(operation);
    throw new PhaselockError(code, { detail: HOW_TO_END[report] });
  }
  throw new PhaselockError(code);
}

function codeOf(refused: RefusedReport, report: Report): ErrorCode {
  switch (refused.outcome) {
    case 'stale':
      return 'stale_generation';
    case 'session-not-found':
      return 'session_not_found';
    case 'process-not-found':
      return 'process_not_found';
    case 'illegal-transition':
      return 'illegal_transition';
    case 'refused': {
      const verdict = judgeReport(refused.standing, report);
      return verdict === 'taken' || verdict === 'ignored' ? 'unexpected' : verdict;
    }
  }
}

const ONLY_THE_END =
  'the process has ended, its lease expired, or a later process has begun; it may still finish and report its usage';
const HOW_TO_END: Readonly<Record<Report, string>> = {
  conversation: ONLY_THE_END,
  logs: ONLY_THE_END,
  usage: 'a later process has begun in the session; report the usage with the finish of the process',
  ending: ONLY_THE_END,
  'conversation-with-ending':
    'the process has ended, its lease expired, or a later process has begun: finish again without agentSessionId and lostAgentSession',
  'usage-with-ending': ONLY_THE_END,
};

/**
 * Error detail for a write with a wrong generation: the current generation, and whether the session was replaced or
 * deleted.
 */
export async function whichHolds(ctx: GuardContext, sessionId: SessionId): Promise<string> {
  const session = await readSession(ctx.database.kysely, sessionId);
  if (session === undefined) return 'the session no longer exists';
  if (session.deletedAt === null) return `the session has generation ${session.generation}`;
  const { generation } = await readSlotState(ctx.database, session.slot);
  const end =
    session.replacedBy === null ? 'the session was deleted' : `the session was replaced by ${session.replacedBy}`;
  return `${end}; its slot is at generation ${generation}`;
}
