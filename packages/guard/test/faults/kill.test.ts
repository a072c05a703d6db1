import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkHistory,
  createTestDatabase,
  eventually,
  type RecordedOperation,
  spawnNode,
  temporaryDirectory,
} from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { openGuard } from '../../src/open-guard.ts';
import { RACEPOINTS } from '../../src/racepoints.ts';
import { faultsIn } from './faults-in.ts';
import { type KillOrder, readJournal } from './kill-order.ts';
import { openPlaces } from './open-places.ts';
import type { Place } from './random-client.ts';

const WORKER = join(import.meta.dirname, 'kill-worker.ts');
const SEED = Number(process.env.PHASELOCK_PROOF_SEED ?? 20_261_120);
const HITS = [1, 7] as const;

test(`kill -9 at every racepoint (${HITS.length} hits) loses no acknowledged write and blocks no slot`, async () => {
  await using database = await createTestDatabase();
  await using directory = await temporaryDirectory();
  await using guard = await openGuard({
    databaseUrl: database.url,
    invalidation: 'memory',
    settings: { leaseMs: 300 },
  });
  const places = await openPlaces(guard, 8);
  const history: RecordedOperation[] = [];
  const killed: string[] = [];

  const orders = RACEPOINTS.flatMap((racepoint, index) =>
    HITS.map((hit, turn): KillOrder => {
      const strategy = (index + turn) % 2 === 0 ? 'pessimistic' : 'optimistic';
      return {
        name: `${racepoint}@${hit}`,
        databaseUrl: database.url,
        strategy,
        racepoint,
        hit,
        seed: SEED + index * 100 + turn,
        steps: 6_000,
        places,
      };
    }),
  );
  // Several at a time, so that other workers use the slots that a killed one leaves behind.
  for (let at = 0; at < orders.length; at += 4) {
    await Promise.all(orders.slice(at, at + 4).map((order) => work(order, directory.path, history, killed)));
  }

  expect(killed.toSorted()).toEqual(orders.map(({ name }) => name).toSorted());
  expect(await checkHistory(guard.database, history)).toEqual([]);
  for (const place of places) await expectUsable(guard, place);
  expect(await faultsIn(database.url)).toEqual([]);
  expect(await checkHistory(guard.database, history)).toEqual([]);
}, 120_000);

async function work(order: KillOrder, folder: string, history: RecordedOperation[], killed: string[]): Promise<void> {
  const file = join(folder, `${order.name.replaceAll(/\W/g, '-')}.json`);
  await writeFile(file, JSON.stringify(order));
  await using worker = spawnNode(WORKER, { args: [file] });
  const exit = await worker.exited;
  const lines = worker.stdout().split('\n');
  // The last line of a killed process may be incomplete.
  history.push(...readJournal(lines.slice(0, -1)));
  if (exit.signal === 'SIGKILL') killed.push(order.name);
  else throw new Error(`${order.name} was not killed: ${JSON.stringify(exit)} ${worker.stderr().slice(-500)}`);
}

/** The slot takes a session, and the session takes a turn once the leases of the killed workers have expired. */
async function expectUsable(guard: Awaited<ReturnType<typeof openGuard>>, { slot, attemptId }: Place): Promise<void> {
  const model = { agent: 'codex', model: 'gpt-5.1-codex' } as const;
  const asked = await guard.start({ ...slot, model });
  const started =
    asked.kind === 'ask' ? await guard.start({ ...slot, model, say: { kind: 'replace', shown: asked.shown } }) : asked;
  if (started.kind !== 'created' && started.kind !== 'replaced')
    throw new Error(`the slot took no session: ${started.kind}`);
  const shown = { sessionId: started.session.id, generation: started.session.generation };
  await eventually(async () => (await guard.startTurn({ ...shown, attemptId })).kind === 'started');
}
