import { resolve } from 'node:path';
import { createTestDatabase, runAdminStatement, runProgram } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { seedBoard } from './seed-board.ts';
import { makeDue, seedDeleted } from './seed-due.ts';
import { spreadSessions } from './spread-sessions.ts';

const VERIFY = resolve(import.meta.dirname, '../../../apps/verify-cli/src/main.ts');
const quietly = (): void => undefined;

const audit = (url: string) => runProgram(VERIFY, ['--all'], { PHASELOCK_DATABASE_URL: url });

async function count(url: string, sql: string): Promise<number> {
  const [row] = await runAdminStatement(url, `select (${sql})::int as found`);
  return Number(row?.found);
}

test('seedBoard creates the requested number of sessions, without audit findings', async () => {
  await using database = await createTestDatabase();
  const board = await seedBoard(database.url, 10_000, quietly);
  expect(await count(database.url, 'select count(*) from sessions')).toBe(10_000);
  const audited = await audit(database.url);
  expect(audited.exitCode, audited.said).toBe(0);
  const ids = board.tasks.map(({ taskId }) => `'${taskId}'`).join();
  const ofProject = `select count(*) from tasks where project_id = '${board.projectId}' and id in (${ids})`;
  expect(await count(database.url, ofProject)).toBe(board.tasks.length);
  const [{ attemptId } = { attemptId: '' }] = board.tasks;
  expect(await count(database.url, `select last_seq from attempts where id = '${attemptId}'`)).toBe(400);
});

test('the audit reports a corrupted board', async () => {
  await using database = await createTestDatabase();
  await seedBoard(database.url, 1_000, quietly);
  await runAdminStatement(database.url, 'update slots set live_session_id = null where live_session_id is not null');
  expect((await audit(database.url)).exitCode).toBe(2);
});

test('makeDue makes the requested number of deleted sessions due, without audit findings', async () => {
  await using database = await createTestDatabase();
  await seedDeleted(database.url, 300, quietly);
  const due = `select count(*) from sessions where deleted_at < now() - interval '10 days'`;
  expect(await count(database.url, due)).toBe(0);
  await makeDue(database.url, 120);
  await makeDue(database.url, 60);
  expect(await count(database.url, due)).toBe(180);
  const audited = await audit(database.url);
  expect(audited.exitCode, audited.said).toBe(0);
});

test('spreadSessions gives a few tasks many sessions and about half of them one', () => {
  for (const sessions of [10_000, 1_000_000]) {
    const { head, most, tasks } = spreadSessions(sessions);
    const of = Array.from({ length: tasks }, (_, at) =>
      at + 1 > head ? 1 : Math.min(most, Math.floor(head / (at + 1))),
    );
    expect(of.reduce((sum, one) => sum + one, 0)).toBe(sessions);
    expect(of.filter((one) => one === 1).length / tasks).toBeGreaterThan(0.49);
    const busiest = of.slice(0, Math.ceil(tasks / 100)).reduce((sum, one) => sum + one, 0);
    expect(busiest / sessions).toBeGreaterThan(0.1);
  }
});
