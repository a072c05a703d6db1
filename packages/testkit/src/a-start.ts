import type { ShownSession, TaskId } from '@phaselock/core';
import type { Guard, Start, StartOutcome } from '@phaselock/guard';

export type GuardedSession = Extract<StartOutcome, { kind: 'created' }>['session'];

export const SONNET = 'claude-sonnet-4-5';
/** A minor version away from `SONNET`. */
export const SONNET_NEXT = 'claude-sonnet-4-6';
/** Another family. */
export const OPUS = 'claude-opus-4-5';

/** A start in the `run` slot of a task. */
export const aStart = (taskId: TaskId, model: string = SONNET, more: Partial<Start> = {}): Start => ({
  taskId,
  phase: 'run',
  mode: 'standard',
  model: { agent: 'claude-code', model },
  ...more,
});

export const confirmed = (shown: ShownSession): Pick<Start, 'say'> => ({ say: { kind: 'replace', shown } });

export const shown = ({ id: sessionId, generation }: GuardedSession): ShownSession => ({ sessionId, generation });

/** The session a start came to, whether made or found; a question or a refusal has none to go on with. */
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

export const begin = async (guard: Guard, start: Start): Promise<GuardedSession> => sessionOf(await guard.start(start));

/** Starts another model in the slot and confirms what is asked. */
export async function replaceBy(guard: Guard, start: Start): Promise<GuardedSession> {
  const asked = await guard.start(start);
  if (asked.kind !== 'ask') throw new Error(`nothing was asked: ${asked.kind}`);
  const replaced = await guard.start({ ...start, ...confirmed(asked.shown) });
  if (replaced.kind !== 'replaced') throw new Error(`nothing was replaced: ${replaced.kind}`);
  return replaced.session;
}

/** Every session of a task, deleted ones too, newest first. */
export async function allSessions(guard: Guard, taskId: TaskId) {
  return (await guard.list({ taskId, includeDeleted: true }, { limit: 200 })).sessions;
}
