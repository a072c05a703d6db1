import type { ShownSession, TaskId } from '@phaselock/core';
import type { Guard, Start, StartOutcome } from '@phaselock/guard';

export type GuardedSession = Extract<StartOutcome, { kind: 'created' }>['session'];

export const SONNET = 'claude-sonnet-4-5';
/** Differs from `SONNET` by a minor version. */
export const SONNET_NEXT = 'claude-sonnet-4-6';
/** Another model family than `SONNET`. */
export const OPUS = 'claude-opus-4-5';

/** A request to start a session in the `run` slot of a task. */
export const aStart = (taskId: TaskId, model: string = SONNET, more: Partial<Start> = {}): Start => ({
  taskId,
  phase: 'run',
  mode: 'standard',
  model: { agent: 'claude-code', model },
  ...more,
});

export const confirmed = (shown: ShownSession): Pick<Start, 'say'> => ({ say: { kind: 'replace', shown } });

export const shown = ({ id: sessionId, generation }: GuardedSession): ShownSession => ({ sessionId, generation });

/** The session that a start created or found. Throws if the start ended in a question or a refusal. */
export function sessionOf(outcome: StartOutcome): GuardedSession {
  switch (outcome.kind) {
    case 'created':
    case 'created-beside':
    case 'existing':
    case 'replaced':
      return outcome.session;
    case 'ask':
    case 'refused':
      throw new Error(`no session was started: ${outcome.text}`);
  }
}

/** Starts a session and returns it. */
export const begin = async (guard: Guard, start: Start): Promise<GuardedSession> => sessionOf(await guard.start(start));

/** Starts another model in the slot and confirms the replacement. */
export async function replaceBy(guard: Guard, start: Start): Promise<GuardedSession> {
  const asked = await guard.start(start);
  if (asked.kind !== 'ask') throw new Error(`the guard did not ask for a confirmation: ${asked.kind}`);
  const replaced = await guard.start({ ...start, ...confirmed(asked.shown) });
  if (replaced.kind !== 'replaced') throw new Error(`the session was not replaced: ${replaced.kind}`);
  return replaced.session;
}

/** Every session of a task, deleted ones too, newest first. */
export async function allSessions(guard: Guard, taskId: TaskId) {
  return (await guard.list({ taskId, includeDeleted: true }, { limit: 200 })).sessions;
}
