import {
  type AgentSessionId,
  canEnd,
  PROCESS_STATUSES,
  type ProcessEnding,
  type SessionId,
  standingsThat,
} from '@phaselock/core';
import * as store from '@phaselock/store';
import { announceTemporaryEnded } from './announce.ts';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';
import { refuseReport } from './refuse-report.ts';
import { demandTotals } from './usage-totals.ts';

export type FinishTurn = store.TurnToken & {
  readonly ending: ProcessEnding;
  readonly exitCode?: number;
  readonly agentSessionId?: AgentSessionId;
  readonly lostAgentSession?: boolean;
  readonly usage?: store.Usage;
  readonly actor?: string;
};

export type FinishedTurn = {
  readonly kind: 'finished';
  /** True if the session had been replaced or deleted before; its runner has now reported that it stopped. */
  readonly replaced: boolean;
  readonly version: number;
};

/** Writes the ending and the usage of a process in one transaction, so that a refused call writes nothing. */
export function finishTurn(ctx: GuardContext, finish: FinishTurn): Promise<FinishedTurn> {
  return answerInTime(ctx, async () => {
    await ctx.racepoint?.('finish:before');
    const { sessionId, generation, processId, ending, usage } = finish;
    if (usage !== undefined) demandTotals(usage);
    const finished = await store.finishTurn(ctx.database, {
      sessionId,
      generation,
      processId,
      ending,
      from: PROCESS_STATUSES.filter((status) => canEnd(status, ending)),
      exitCode: finish.exitCode ?? null,
      agentSessionId: finish.agentSessionId ?? null,
      lostAgentSession: finish.lostAgentSession ?? false,
      conversationTaken: standingsThat('conversation-with-ending', 'taken'),
      conversationIgnored: standingsThat('conversation-with-ending', 'ignored'),
      usage: usage ?? null,
      actor: finish.actor ?? null,
    });
    await ctx.racepoint?.('finish:written');
    if (finished.outcome !== 'finished')
      return await refuseReport(ctx, finished, {
        report: 'conversation-with-ending',
        operation: 'finish-turn',
        sessionId,
      });
    if (finished.ended) announceEnded(ctx, sessionId, ending, finished);
    return { kind: 'finished', replaced: finished.session_deleted, version: finished.session_version };
  });
}

type Finished = Extract<store.FinishedTurn, { outcome: 'finished' }>;

function announceEnded(ctx: GuardContext, sessionId: SessionId, ending: ProcessEnding, finished: Finished): void {
  const { task_id: taskId, phase, mode, session_status: status } = finished;
  ctx.telemetry.turnEnded(ending);
  ctx.snapshots.statusChanged({ taskId, phase, mode }, sessionId, status);
  if (finished.session_ended) announceTemporaryEnded(ctx, { taskId, sessionId });
}
