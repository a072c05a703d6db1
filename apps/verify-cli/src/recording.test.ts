import { createEmptyDatabase, holdLock, openTestGuard, type TestGuard } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { twoCases } from '../test/histories.ts';
import { verify } from '../test/run-verify.ts';

// A test starts the command several times.
vi.setConfig({ testTimeout: 120_000 });

let home: TestGuard;
beforeAll(async () => {
  home = await openTestGuard();
  await twoCases(home);
});
afterAll(() => home[Symbol.asyncDispose]());

describe('--record', () => {
  const rows = async ({ guard }: TestGuard) =>
    (
      await guard.database.pool.pg.query(
        'select scope, release, sessions::int, errors::int, warnings::int, undecidable::int from audit_runs order by id',
      )
    ).rows;

  test('stores the scope and the counts of a complete audit', async () => {
    await using own = await openTestGuard();
    const { attemptId: attempt, first } = await twoCases(own);
    expect(await verify(own.databaseUrl, '--all')).toMatchObject({ code: 0 });
    expect(await rows(own)).toEqual([]);
    expect(await verify(own.databaseUrl, '--all', '--record')).toMatchObject({ code: 0, err: '' });
    expect(await verify(own.databaseUrl, attempt, '--record')).toMatchObject({ code: 0, err: '' });
    await own.guard.database.pool.pg.query(
      `alter table session_events disable trigger user; delete from session_events where session_id = '${first}'`,
    );
    expect(await verify(own.databaseUrl, '--all', '--record')).toMatchObject({ code: 2, err: '' });
    const whole = { scope: 'all', release: expect.stringMatching(/^\d+\.\d+\.\d+/), sessions: 2, warnings: 0 };
    expect(await rows(own)).toEqual([
      { ...whole, errors: 0, undecidable: 0 },
      { ...whole, scope: 'attempt', sessions: expect.any(Number), errors: 0, undecidable: 0 },
      { ...whole, errors: expect.any(Number), undecidable: expect.any(Number), warnings: expect.any(Number) },
    ]);
    expect((await rows(own))[2]?.errors).toBeGreaterThan(0);
  });

  test('keeps the exit code if the row cannot be written, and prints the reason', async () => {
    await using own = await openTestGuard();
    await twoCases(own);
    const { pg } = own.guard.database.pool;
    const role = `reader_${process.pid}_${Date.now()}`;
    await pg.query(`create role ${role} login password 'p'; grant select on all tables in schema public to ${role}`);
    try {
      const reader = new URL(own.databaseUrl);
      reader.username = role;
      reader.password = 'p';
      const refused = await verify(reader.href, '--all', '--record');
      expect(refused).toMatchObject({
        code: 0,
        err: expect.stringMatching(/not recorded: .*grant insert on audit_runs/),
      });
      await pg.query(`grant insert on audit_runs to ${role}`);
      expect(await verify(reader.href, '--all', '--record')).toMatchObject({ code: 0, err: '' });
      await pg.query(`alter role ${role} set default_transaction_read_only = on`);
      expect(await verify(reader.href, '--all', '--record')).toMatchObject({ code: 0, err: '' });
      expect(await rows(own)).toHaveLength(2);
    } finally {
      await pg.query(`drop owned by ${role}; drop role ${role}`);
    }
    await using empty = await createEmptyDatabase();
    const elsewhere = await verify(own.databaseUrl, '--all', '--record-to', empty.url);
    expect(elsewhere).toMatchObject({
      code: 0,
      err: expect.stringMatching(/not recorded: the database has no table audit_runs/),
    });
  });

  test('stores nothing for an incomplete audit, and is refused with --rule, --skip and --source', async () => {
    await using own = await openTestGuard();
    await twoCases(own);
    const held = await holdLock(own.databaseUrl, 'lock table archives in access exclusive mode');
    const incomplete = await verify(own.databaseUrl, '--all', '--record', '--max-duration', '1s');
    expect(incomplete).toMatchObject({ code: 1 });
    await held.letGo();
    for (const less of [
      ['--rule', 'SV101'],
      ['--skip', 'SV101'],
      ['--source', 'obra:/no/such/file'],
    ])
      expect(await verify(own.databaseUrl, '--all', '--record', ...less)).toMatchObject({ code: 64 });
    expect(await rows(own)).toEqual([]);
  });

  test('stores the row in the database named by --record-to', async () => {
    await using own = await openTestGuard();
    expect(await verify(home.databaseUrl, '--all', '--record-to', own.databaseUrl)).toMatchObject({ code: 0 });
    expect(await rows(own)).toHaveLength(1);
    expect(await rows(home)).toEqual([]);
  });
});
