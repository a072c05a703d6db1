import { setTimeout as pause } from 'node:timers/promises';
import { chainNextTasks, type Database, migrationStatus, openDatabase } from '@phaselock/store';

/** Sessions stay locked while a batch is chained, so it is small. */
const BATCH = { tasks: 1_000, events: 1_000, waitMs: 1_000 } as const;
/** How long a purge worker that chains a batch, or a session that is locked, is waited for. */
const BUSY_MS = 200;
const TOLD_EVERY_MS = 10_000;

/** Chains the events of earlier releases, batch by batch without a pause, until all of them are chained. */
export async function chainAllEvents(databaseUrl: string, say: (text: string) => void): Promise<void> {
  if ((await migrationStatus(databaseUrl)).some(({ state }) => state === 'pending'))
    throw new Error('the database has pending migrations: run `migrate` first');
  await using database = openDatabase({ url: databaseUrl, maxSize: 1, applicationName: 'phaselock-migrate' });
  const { tasks, events } = await chainToTheEnd(database, say);
  say(`every event is chained; ${events} events of ${tasks} tasks were chained now`);
}

async function chainToTheEnd(
  database: Database,
  say: (text: string) => void,
): Promise<{ readonly tasks: number; readonly events: number }> {
  const done = { tasks: 0, events: 0 };
  let toldAt = performance.now();
  for (;;) {
    const batch = await chainNextTasks(database, BATCH);
    done.tasks += batch.tasks;
    done.events += batch.events;
    if (batch.state === 'finished') return done;
    if (batch.state === 'busy') await pause(BUSY_MS);
    if (performance.now() - toldAt < TOLD_EVERY_MS) continue;
    toldAt = performance.now();
    say(`${done.events} events of ${done.tasks} tasks chained so far`);
  }
}
