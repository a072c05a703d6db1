import { MODEL_NAMES } from '../../chaos/clients/models.ts';
import { makeOwnTask, type Task } from './board.ts';
import { type Opened, openSlot } from './open-slot.ts';
import { appendLines, beat, beginTurn, finishTurn, type Turn, tellUsage } from './run-turn.ts';
import type { User } from './user.ts';

/**
 * A simulated runner of one agent: it holds a turn by heartbeats, sends log lines in batches, and starts another turn
 * after the end.
 */
export type Runner = { act(): Promise<void> };

const LINES = 10;

export function createRunner(user: User, project: string): Runner {
  const { random } = user;
  let task: Task | undefined;
  let opened: Opened | undefined;
  let running: Turn | undefined;
  let left = 0;

  const begin = async () => {
    task ??= await makeOwnTask(user, project);
    const attempt = task?.attempts.at(-1);
    if (task === undefined || attempt === undefined) return;
    const slot = { task: task.id, phase: 'run', mode: 'standard' } as const;
    opened ??= (await openSlot(user, slot, random.pick(MODEL_NAMES))).opened;
    if (opened === undefined) return;
    const begun = await beginTurn(user, opened, attempt);
    running = begun.turn;
    left = random.whole(6, 12);
    if (running === undefined) opened = undefined;
  };

  const goOn = async (turn: Turn) => {
    left -= 1;
    const over = (await beat(user, turn)) === 'over' || (await appendLines(user, turn, LINES)) === 'over';
    if (over) {
      running = undefined;
      opened = undefined;
      return finishTurn(user, turn, 'killed');
    }
    if (left % 3 === 0) await tellUsage(user, turn);
    if (left > 0) return;
    running = undefined;
    await finishTurn(user, turn, 'completed');
  };

  const act = async () => {
    user.think();
    await (running === undefined ? begin() : goOn(running));
  };
  return { act };
}
