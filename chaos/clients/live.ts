import { deleteBulk, startBulk } from './act-on-many.ts';
import { comeHomeLate, lookAround, makeNewTask, repeatLate, runStandalone } from './do-otherwise.ts';
import { runAgent } from './run-agent.ts';
import type { User } from './user.ts';

const TASKS_AT_ONCE = 14;

/** The main loop of one simulated client: random activities until the campaign ends. */
export async function live(user: User): Promise<void> {
  const { random, board, ended, speaker } = user;
  while (!ended.aborted) {
    if (board.tasks.length < TASKS_AT_ONCE) await makeNewTask(user);
    // Clients restart or are balanced elsewhere, so each sometimes switches to another address.
    if (random.chance(0.2)) speaker.turnAway();
    switch (random.weighted({ run: 50, late: 20, look: 16, repeat: 8, standalone: 3, bulk: 3, bulkDelete: 0.4 })) {
      case 'run':
        await runAgent(user);
        break;
      case 'late':
        await comeHomeLate(user);
        break;
      case 'look':
        await lookAround(user);
        break;
      case 'repeat':
        await repeatLate(user);
        break;
      case 'standalone':
        await runStandalone(user);
        break;
      case 'bulk':
        await startBulk(user);
        break;
      case 'bulkDelete':
        await deleteBulk(user);
        break;
    }
    await user.think(60);
  }
}
