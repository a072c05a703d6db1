import { slotKey, start, turn } from '../../chaos/clients/operations.ts';
import { remove } from '../../chaos/clients/session-operations.ts';
import { type Board, makeOwnTask } from './board.ts';
import { rate } from './feedback.ts';
import { answer, type Opened, openSlot, refOf, wholeOf } from './open-slot.ts';
import { exported, list, lookup, lookupMany, readSession } from './reads.ts';
import { appendLines, beat, beginTurn, finishTurn, tellUsage } from './run-turn.ts';
import type { User } from './user.ts';

const FIRST = 'claude-code/claude-sonnet-4-5';
const MINOR = 'claude-code/claude-sonnet-4-6';
const OTHER = 'claude-code/claude-opus-4-5';
const THIRD = 'codex/gpt-6-sol';

/**
 * Runs every operation once, in an order in which each has an effect. Short runs would miss some operations by chance.
 */
export async function tour(user: User, { projects }: Board): Promise<void> {
  const task = needed(await makeOwnTask(user, user.random.pick(projects)), 'a task');
  const attempt = needed(task.attempts[0], 'an attempt');
  const slot = { task: task.id, phase: 'run', mode: 'standard' } as const;
  const ask = (model: string) => user.say({ ...start(user.unique('start'), { slot, model }), name: 'start' });

  const first = needed((await openSlot(user, slot, FIRST)).opened, 'a session');
  await work(user, first, attempt);
  await ask(MINOR);
  await answer(user, slot, MINOR, 'keep', 'keep');
  await ask(OTHER);
  const second = needed((await answer(user, slot, OTHER, refOf(first), 'replace')).opened, 'a replaced session');

  await user.say({ ...turn(user.unique('turn'), { ...wholeOf(first), attempt }), name: 'stale-turn' });
  await answer(user, slot, THIRD, refOf(first), 'stale-replace');
  // Two turns, because the second resumes the conversation that the first reported.
  await work(user, second, attempt);
  await work(user, second, attempt);

  await user.say(lookup(task.id, slot.phase));
  await user.say(lookupMany([task.id]));
  await user.say(list(task.id));
  await user.say(readSession(wholeOf(second)));
  await user.say(exported(second.session));
  await user.say(rate(user.unique('feedback'), wholeOf(second), user.unique('comment'), true));
  await user.say({ ...remove({ ...refOf(second), slot: slotKey(slot) }), name: 'delete' });
}

async function work(user: User, opened: Opened, attempt: string): Promise<void> {
  const running = needed((await beginTurn(user, opened, attempt)).turn, 'a turn');
  await beat(user, running);
  await appendLines(user, running, 3);
  await tellUsage(user, running);
  await finishTurn(user, running, 'completed');
}

function needed<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`the tour got no ${what.replace(/^an? /, '')}`);
  return value;
}
