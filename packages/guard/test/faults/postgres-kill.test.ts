import { join } from 'node:path';
import { PhaselockError } from '@phaselock/core';
import { migrate, startEmbeddedPostgres } from '@phaselock/store';
import { checkHistory, eventually, temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { openGuard } from '../../src/open-guard.ts';
import { collectHistory } from './collect-history.ts';
import { openPlaces } from './open-places.ts';
import { randomSteps } from './random-client.ts';
import { seededRandom } from './seeded-random.ts';

const SEED = Number(process.env.PHASELOCK_PROOF_SEED ?? 20_261_120);
const CLIENTS = 20;
const DEADLINE_MS = 3_000;

test('kill -9 of PostgreSQL under load fails calls with the right code and loses no acknowledged write', async () => {
  await using directory = await temporaryDirectory();
  const dataDir = join(directory.path, 'data');
  // Only processes are killed, not the machine, so data handed to the kernel survives without a flush.
  const start = () => startEmbeddedPostgres({ dataDir, settings: { fsync: 'off' } });
  const first = await start();
  await migrate(first.url);
  await using guard = await openGuard({ databaseUrl: first.url, settings: { leaseMs: 400, deadlineMs: DEADLINE_MS } });
  const places = await openPlaces(guard, 30);
  const { recorder, operations, failures } = collectHistory();

  let stop = false;
  const clients = Promise.all(
    Array.from({ length: CLIENTS }, async (_, number) => {
      const step = randomSteps({
        name: `client ${number}`,
        guard,
        places,
        random: seededRandom(SEED + number),
        recorder,
      });
      while (!stop) {
        await step();
      }
    }),
  );
  const births = (): number =>
    operations().filter(({ answered }) => answered?.effects.some(({ kind }) => kind === 'birth')).length;

  await eventually(() => births() > 200, { withinMs: 30_000 });
  await first.killHard();
  await eventually(() => (failures.get('backend_unavailable') ?? 0) > 50, { withinMs: 30_000 });
  await expect(guard.start({ ...places[0].slot, model: { agent: 'codex' } })).rejects.toThrow(PhaselockError);

  await using second = await start();
  expect(second.url).toBe(first.url);
  const before = births();
  await eventually(() => births() > before + 200, { withinMs: 30_000 });

  // Single connections are terminated as well, while callers use them.
  for (let round = 0; round < 20; round += 1) {
    await guard.database.pool.pg
      .query(
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database() order by random() limit 3',
      )
      .catch(() => undefined);
  }
  const later = births();
  await eventually(() => births() > later + 200, { withinMs: 30_000 });
  stop = true;
  // Waits for ever if a call does not end by its own deadline.
  await clients;

  expect([...failures.keys()].filter((code) => code === 'unexpected' || code === 'session_create_failed')).toEqual([]);
  expect(await checkHistory(guard.database, operations())).toEqual([]);
}, 120_000);
