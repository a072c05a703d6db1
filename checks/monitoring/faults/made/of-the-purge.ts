import { runPurgeOnce } from '../../world/worker-process.ts';
import { type Fault, type Surroundings, undo } from '../fault.ts';

const UNFINISHED = 'select 1 from archive_runs where finished_at is null and given_up_at is null';
/**
 * Moves the last report of a run back in time. Without a report, the product counts a run as stalled after minutes, and
 * the next run gives it up after an hour; the check does not wait for either.
 */
const unseenFor = (time: string): string =>
  `update archive_runs set seen_at = seen_at - interval '${time}' where finished_at is null`;

/** The process is suspended in the middle of a run, like a process that waits for a disk that does not respond. */
export const PURGE_HUNG: Fault = {
  name: 'a purge hangs in the middle of a run (SIGSTOP), and no other run begins',
  alerts: ['PhaselockPurgeSlow', 'PhaselockPurgeHung', 'PhaselockPurgeNeverRan', 'PhaselockPurgeBacklogOld'],
  // Undoing the fault kills the run, and the next run gives it up.
  also: ['PhaselockPurgeFailing'],
  make: async ({ world, cycles, until }) => {
    await using resources = new AsyncDisposableStack();
    resources.use(cycles.withoutPurges());
    await until(async () => (await world.postgres.ask(UNFINISHED)).length === 0);
    const purge = runPurgeOnce({ folder: world.folder, env: world.purgeEnv });
    resources.defer(() => purge.signal('SIGKILL'));
    await until(async () => {
      if (!purge.running()) throw new Error('the purge ended before it could be stopped');
      return (await world.postgres.ask(UNFINISHED)).length > 0;
    });
    purge.signal('SIGSTOP');
    await world.postgres.ask(unseenFor('4 minutes'));
    const owned = resources.move();
    return undo(async () => {
      purge.signal('SIGKILL');
      await purge.exited;
      await world.postgres.ask(unseenFor('1 hour'));
      await owned.disposeAsync();
      await cycles.sendForPurge();
    });
  },
};

const DEAD = 'select 1 from archive_claims where dead_at is not null limit 1';
/** Makes all retries due, because the four attempts for a session take 21 minutes. */
const RETRY_NOW = 'update archive_claims set due_at = clock_timestamp() where failures > 0 and dead_at is null';

export const ARCHIVE_FULL: Fault = {
  name: 'the disk of the archive is full',
  alerts: ['PhaselockPurgeFailing', 'PhaselockPurgeDeadLetters'],
  also: ['PhaselockPurgeSlow', 'PhaselockPurgeNeverRan', 'PhaselockPurgeBacklogOld'],
  make: async (around) => {
    const { world, cycles, until } = around;
    await using resources = new AsyncDisposableStack();
    resources.use(cycles.withoutPurges());
    await world.archiveDisk.fill();
    resources.defer(async () => {
      await world.archiveDisk.free();
      await until(async () => (await world.run('purge-worker', ['dlq', 'retry', '--all'])).exitCode === 0);
      // Sessions that failed and are no dead letters would be retried only after minutes.
      await world.postgres.ask(RETRY_NOW);
      await cycles.sendForPurge();
    });
    await until(async () => {
      await sendAgain(around);
      return (await world.postgres.ask(DEAD)).length > 0;
    });
    return resources.move();
  },
};

async function sendAgain({ world, cycles }: Surroundings): Promise<void> {
  await world.archiveDisk.fill();
  await world.postgres.ask(RETRY_NOW).catch(() => undefined);
  await cycles.sendForPurge().catch(() => undefined);
}
