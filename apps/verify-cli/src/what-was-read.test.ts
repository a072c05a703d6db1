import { join } from 'node:path';
import {
  createTestDatabase,
  openTestGuard,
  type TestDatabase,
  type TestGuard,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeObra, twoCases } from '../test/histories.ts';
import { flawsOfJunit } from '../test/junit-schema.ts';
import { verify } from '../test/run-verify.ts';
import { sarifSchema } from '../test/sarif-schema.ts';
import { reportSchema } from './report-schema.ts';

// A test starts the command several times.
vi.setConfig({ testTimeout: 120_000 });

let home: TestGuard;
let empty: TestDatabase;
let cases: Awaited<ReturnType<typeof twoCases>>;
beforeAll(async () => {
  home = await openTestGuard();
  cases = await twoCases(home);
  await twoCases(home);
  empty = await createTestDatabase();
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await empty[Symbol.asyncDispose]();
});

describe('the summary says what was read', () => {
  const eventsOf = async (taskId: string | null): Promise<number> =>
    (
      await home.guard.database.pool.pg.query<{ count: number }>(
        'select count(*)::int from session_events where $1::uuid is null or task_id = $1::uuid',
        [taskId],
      )
    ).rows[0]?.count ?? 0;

  test('in the whole database and in one attempt', async () => {
    for (const [args, sessions, events] of [
      [['--all'], 4, await eventsOf(null)],
      [['--since', '1h'], 4, await eventsOf(null)],
      [[cases.attemptId], 2, await eventsOf(cases.taskId)],
      [['--task', cases.taskId], 2, await eventsOf(cases.taskId)],
    ] as const) {
      const { out } = await verify(home.databaseUrl, ...args, '--format', 'json');
      const processes = sessions === 4 ? 6 : 3;
      expect(events).toBeGreaterThan(processes);
      expect(reportSchema.parse(JSON.parse(out)).summary.read).toEqual({ sessions, processes, events, archives: 0 });
      const { out: shown } = await verify(home.databaseUrl, ...args, '-q');
      expect(shown).toContain(`read: ${sessions} sessions · ${processes} processes · ${events} events · 0 archives\n`);
    }
  });

  test('in the database of another system, which has neither events nor archives', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'obra.db');
    makeObra(path);
    const { code, out } = await verify(undefined, '--all', '--source', `obra:${path}`);
    expect([code, out]).toEqual([0, expect.stringContaining('read: 1 session · 1 process\n')]);
  });
});

describe('an audit that read nothing', () => {
  test('is incomplete, with 1 and the reason in every format', async () => {
    const why = 'nothing was read, so nothing is proven; if that is expected, give --allow-empty';
    const inFormat = async (format: string): Promise<string> => {
      const { code, out } = await verify(empty.url, '--all', '--format', format);
      expect(code).toBe(1);
      return out;
    };
    expect((await inFormat('human')).replaceAll(/\s+/g, ' ')).toMatch(
      /nothing was read, so nothing is proven; .* read: 0 sessions · .* INCOMPLETE \(exit 1\) $/,
    );
    const { findings, summary } = reportSchema.parse(JSON.parse(await inFormat('json')));
    expect(findings.map(({ rule, message }) => [rule, message])).toEqual([['SV901', why]]);
    expect(summary.incomplete).toEqual([{ rules: ['SV901'], why }]);
    expect(summary.read).toEqual({ sessions: 0, processes: 0, events: 0, archives: 0 });
    const xml = await inFormat('junit');
    expect(flawsOfJunit(xml)).toEqual([]);
    expect(xml).toContain(`<error type="not-run" message="${why}">`);
    expect(await inFormat('github')).toContain(`object history: ${why}\n`);
    const [run] = sarifSchema.parse(JSON.parse(await inFormat('sarif'))).runs;
    expect(run?.invocations[0]?.executionSuccessful).toBe(false);
  });

  test('passes with --allow-empty', async () => {
    const { code, out } = await verify(empty.url, '--all', '--allow-empty');
    expect([code, out]).toEqual([0, expect.stringMatching(/read: 0 sessions · .* · OK\n$/s)]);
  });

  test('is one of a task or an attempt without sessions as well', async () => {
    const task = await home.world.task();
    const attempt = await home.world.attempt(task);
    for (const args of [['--task', task], [attempt]]) {
      expect((await verify(home.databaseUrl, ...args)).code).toBe(1);
      expect((await verify(home.databaseUrl, ...args, '--allow-empty')).code).toBe(0);
    }
  });

  test('is recorded only with --allow-empty', async () => {
    await using own = await openTestGuard();
    const recorded = async () =>
      (await own.guard.database.pool.pg.query('select sessions::int, errors::int, warnings::int from audit_runs')).rows;
    expect((await verify(own.databaseUrl, '--all', '--record')).code).toBe(1);
    expect(await recorded()).toEqual([]);
    expect((await verify(own.databaseUrl, '--all', '--record', '--allow-empty')).code).toBe(0);
    expect(await recorded()).toEqual([{ sessions: 0, errors: 0, warnings: 0 }]);
  });
});
