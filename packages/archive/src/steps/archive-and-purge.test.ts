import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { auditOwnDatabase } from '@phaselock/audit';
import { readArchive } from '@phaselock/store';
import { expect, test } from 'vitest';
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
