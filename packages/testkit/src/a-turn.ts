import type { AgentSessionId, AttemptId } from '@phaselock/core';
import { parseAgentSessionId } from '@phaselock/core';
import type { Guard, StartedTurn, StartTurn, TurnOutcome, TurnToken } from '@phaselock/guard';
import { type GuardedSession, shown } from './a-start.ts';

export function agentId(name: string): AgentSessionId {
  const id = parseAgentSessionId(name);
  if (id === undefined) throw new Error(`not an agent's session id: ${name}`);
  return id;
}

export const aTurn = (session: GuardedSession, attemptId: AttemptId, more: Partial<StartTurn> = {}): StartTurn => ({
  ...shown(session),
  attemptId,
  ...more,
});

export function startedOf(outcome: TurnOutcome): StartedTurn {
  if (outcome.kind !== 'started') throw new Error(`no turn was started: ${outcome.text}`);
  return outcome;
}

export const tokenOf = ({ session, processId }: StartedTurn): TurnToken => ({ ...session, processId });

/** Runs a complete turn: starts it, then finishes it with the id of the agent’s conversation. */
export async function runTurn(guard: Guard, turn: StartTurn, id: string): Promise<StartedTurn> {
  const started = startedOf(await guard.startTurn(turn));
  await guard.finishTurn({ ...tokenOf(started), ending: 'completed', exitCode: 0, agentSessionId: agentId(id) });
  return started;
}
