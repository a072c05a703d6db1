import exec from 'k6/execution';
import { start } from '../../chaos/clients/operations.ts';
import { type Board, FIRST_MODEL, SECOND_MODEL, type Task } from './board.ts';
import { answer, shownIn } from './open-slot.ts';
import { lookup } from './reads.ts';
import type { User } from './user.ts';

/**
 * One arrival that looks up the live session of a slot. With seeded tasks it picks one of them; otherwise it alternates
 * between a slot in which sessions are replaced, and a quiet task that no lookup has visited for a whole round.
 */
export async function arriveToLookUp(user: User, board: Board, seeded: (() => Task) | undefined): Promise<void> {
  const task = seeded?.().id ?? quietTask(board, exec.scenario.iterationInTest) ?? user.random.pick(board.slots).task;
  await user.say(lookup(task, 'run'));
}

/** k6 numbers arrivals across all users, so users can take turns without sharing state. */
const quietTask = ({ quietTasks }: Pick<Board, 'quietTasks'>, arrival: number): string | undefined =>
  arrival % 2 === 0 ? undefined : quietTasks[((arrival - 1) / 2) % quietTasks.length];

/**
 * One arrival that replaces a session by one of another model: it gets the question and confirms it at once. Arrivals
 * take the slots in turn, so that each slot rests for a round and no arrival waits for another.
 */
export async function arriveToReplace(user: User, board: Board): Promise<void> {
  const { iterationInTest } = exec.scenario;
  const slot = board.slots[iterationInTest % board.slots.length];
  if (slot === undefined) return;
  const round = Math.floor(iterationInTest / board.slots.length);
  const model = round % 2 === 0 ? SECOND_MODEL : FIRST_MODEL;
  const said = await user.say({ ...start(user.unique('start'), { slot, model }), name: 'question' });
  const shown = shownIn(said);
  if (shown !== undefined) await answer(user, slot, model, shown, 'replace');
}
