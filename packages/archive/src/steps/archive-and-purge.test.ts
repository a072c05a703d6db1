import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { auditOwnDatabase } from '@phaselock/audit';
import { readArchive } from '@phaselock/store';
import { aStart, begin, OPUS, replaceBy, unchainEvents } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { documentIn } from '../../test/document-in.ts';
import { aDeletedSession, openTestArchive } from '../../test/open-test-archive.ts';
import { sessionArchive } from '../format/session-archive.ts';
import { runSteps } from './run-steps.ts';

test('archives a deleted session completely before it is purged from the database', async () => {
  await using archive = await openTestArchive();
  const { home, ctx, folder } = archive;
  const { sessionId } = await aDeletedSession(home, ['one', 'two \u2028 three', '{"four":4}']);

  expect(await runSteps(ctx)).toMatchObject({ archived: 1, purged: 1, failed: 0 });

  const record = await readArchive(ctx.database.kysely, sessionId);
  expect(record).toMatchObject({ sessionId, processes: 2, logs: 3, purgedAt: expect.any(Date), removedAt: null });
  const bytes = await readFile(join(folder, record?.objectKey ?? ''));
  const document = sessionArchive.parse(JSON.parse(gunzipSync(bytes).toString()));
  expect(document).toMatchObject({
    session: { id: sessionId, deletedReason: 'deleted' },
    processes: [{ status: 'completed' }, { status: 'completed' }],
    logs: [{ line: 'one' }, { line: 'two \u2028 three' }, { line: '{"four":4}' }],
    feedback: [{ rating: 'good' }],
  });
  expect(document.events.map(({ type }) => type)).toEqual([
    'created',
    'turn-started',
    'turn-finished',
    'turn-started',
    'turn-finished',
    'deleted',
  ]);
  expect((await auditOwnDatabase(home.databaseUrl)).findings).toEqual([]);
});

test('chains the events before it archives them, and keeps the chain in the document and in the tombstone', async () => {
  await using archive = await openTestArchive();
  const { home, ctx } = archive;
  const { sessionId } = await aDeletedSession(home);
  const { pg } = ctx.database.pool;
  const chainOf = async () =>
    (
      await pg.query<{ place: number; hash: string }>(
        "select place, encode(hash, 'hex') as hash from session_events where session_id = $1 order by id",
        [sessionId],
      )
    ).rows;
  const before = await chainOf();
  expect(before).toHaveLength(6);
  // As if an earlier release had written the session.
  await unchainEvents(home.databaseUrl);

  expect(await runSteps(ctx)).toMatchObject({ archived: 1, purged: 1, failed: 0 });

  expect(await chainOf()).toEqual(before);
  const document = await documentIn(ctx.store, await readArchive(ctx.database.kysely, sessionId));
  expect(document.events.map(({ place, hash }) => ({ place, hash }))).toEqual(before);
  const { rows } = await pg.query(
    "select chain_length, encode(chain_hash, 'hex') as chain_hash from archives where session_id = $1",
    [sessionId],
  );
  expect(rows).toEqual([{ chain_length: 6, chain_hash: before.at(-1)?.hash }]);
});

test('archives the replacement of a session with its place in the chain of the successor', async () => {
  await using archive = await openTestArchive();
  const { home, ctx } = archive;
  const { guard, world } = home;
  const taskId = await world.task();
  const first = await begin(guard, aStart(taskId));
  await replaceBy(guard, aStart(taskId, OPUS));
  expect(await runSteps(ctx)).toMatchObject({ archived: 1, purged: 1 });
  const document = await documentIn(ctx.store, await readArchive(ctx.database.kysely, first.id));
  expect(document.events).toMatchObject([
    { type: 'created', sessionId: first.id, place: 1 },
    { type: 'replaced', predecessorId: first.id, place: 1 },
  ]);
  const { rows } = await ctx.database.pool.pg.query('select chain_length from archives');
  expect(rows).toEqual([{ chain_length: 1 }]);
});
