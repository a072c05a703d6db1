import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createEmptyDatabase,
  eventually,
  holdLock,
  OPUS,
  openTestGuard,
  SONNET,
  type TestGuard,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeObra, misname, twoCases } from '../test/histories.ts';
import { environment, verify, verifyIn } from '../test/run-verify.ts';
import { reportSchema } from './report-schema.ts';

// A test starts the command several times.
vi.setConfig({ testTimeout: 120_000 });

let home: TestGuard;
let attemptId: string;
beforeAll(async () => {
  home = await openTestGuard();
  attemptId = (await twoCases(home)).attemptId;
});
afterAll(() => home[Symbol.asyncDispose]());

describe('auditing one attempt', () => {
  test('prints the timeline and exits with 0 if there are no findings', async () => {
    const { code, out, err } = await verify(home.databaseUrl, attemptId);
    expect(err).toBe('');
    expect(out).toMatch(/1 \d\d:\d\d:\d\d run +claude-sonnet-4-5 Initial +- +first +Initial +ok/);
    expect(out).toMatch(/2 \d\d:\d\d:\d\d run +claude-sonnet-4-5 FollowUp +\S+ +same +\S+ +ok/);
    expect(out).toMatch(/3 \d\d:\d\d:\d\d run +claude-opus-4-5 +Initial +- +changed Initial +ok/);
    expect(out).toMatch(/3 processes · 1 model change · 2\s+sessions/);
    expect(out).toMatch(/0 errors · 0 warnings · \d\.\d s · OK\n$/);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(code).toBe(0);
  });

  test('accepts upper-case hex and the first digits of the id', async () => {
    const hex = attemptId.replaceAll('-', '').toUpperCase();
    expect((await verify(home.databaseUrl, hex)).code).toBe(0);
    expect((await verify(home.databaseUrl, hex.slice(0, 28))).code).toBe(0);
  });

  test('exits with 2 and names SV101 for a wrong follow-up, and with 0 for another attempt', async () => {
    await using spoilt = await openTestGuard();
    const healthy = await twoCases(spoilt);
    const wrong = await twoCases(spoilt);
    await spoilt.guard.database.pool.pg.query(`update processes set model = $1 where attempt_id = $2 and seq = 2`, [
      OPUS,
      wrong.attemptId,
    ]);
    const { code, out } = await verify(spoilt.databaseUrl, wrong.attemptId);
    expect(out).toContain('✖ SV101 model-change-not-fresh');
    expect(out).toContain('verify-sessions explain SV101');
    expect(out).toMatch(/FAILED \(exit 2\)/);
    expect(code).toBe(2);
    expect((await verify(spoilt.databaseUrl, healthy.attemptId)).code).toBe(0);
    expect((await verify(spoilt.databaseUrl, '--task', wrong.taskId)).code).toBe(2);
    expect((await verify(spoilt.databaseUrl, '--all', '--skip', 'SV101')).code).toBe(0);
    expect((await verify(spoilt.databaseUrl, '--all', '--rule', 'model-change-not-fresh')).code).toBe(2);
    expect((await verify(spoilt.databaseUrl, '--sample', '100%')).code).toBe(2);
    expect((await verify(spoilt.databaseUrl, '--since', '1h')).code).toBe(2);
  });
});

describe('the exit code', () => {
  test.each([
    [['ffffffff-0000-7000-8000-000000000000'], 3, 'there is no attempt'],
    [['nonsense'], 3, 'is not an attempt id'],
    [['--task', 'ffffffff-0000-7000-8000-000000000000'], 3, 'there is no task'],
    [['--al'], 64, "Unknown option '--al'"],
    [[attemptId ?? 'one', 'two'], 64, 'one attempt at a time'],
    [['--all', '--task', 'x'], 64, 'exclude each other'],
    [['--all', '--format', 'xml'], 64, '--format is one of'],
    [['--all', '--rule', 'SV999'], 64, 'there is no rule SV999'],
    [['--sample', '0%'], 64, '--sample is a share'],
    [['--since', 'yesterday'], 64, '--since is a time'],
    [['explain', 'SV999'], 64, 'there is no rule'],
    [['--all', '--source', 'jira:x'], 64, '--source is one of'],
    [['--all', '--source', 'obra:/no/such/file'], 1, 'does not exist'],
    [['--all', '--database', 'mysql://x'], 1, 'postgres:// URL'],
    [['--all', '--logs', '/no/such/file'], 64, '--logs'],
  ])('for %j is %i', async (args, expected, said) => {
    const { code, err } = await verify(home.databaseUrl, ...args);
    expect(err).toContain(said);
    expect(err).not.toMatch(/ {4}at /);
    expect(code).toBe(expected);
  });

  test('is 1 for an unreachable database and for one without the phaselock schema', async () => {
    expect(await verify('postgres://127.0.0.1:9/x', '--all')).toMatchObject({
      code: 1,
      err: expect.stringContaining('ECONNREFUSED'),
    });
    await using empty = await createEmptyDatabase();
    expect(await verify(empty.url, '--all')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no phaselock schema'),
    });
  });

  test.each([
    ['older', 'delete from phaselock_migrations where version > 9', 'is at 0009 (keep_what_was_not_archived)'],
    ['newer', "insert into phaselock_migrations values (9001, 'later', 'x', false)", 'is at 9001 (later)'],
  ])('is 4 for a database with %s migrations, whatever rule is requested', async (_, sql, said) => {
    await using other = await openTestGuard();
    await twoCases(other);
    await other.guard.database.pool.pg.query(sql);
    for (const less of [[], ['--rule', 'SV303'], ['--rule', 'SV101', '--format', 'json']]) {
      const { code, out, err } = await verify(other.databaseUrl, '--all', ...less);
      expect([code, out]).toEqual([4, '']);
      expect(err).toContain(`this database ${said}; this auditor knows `);
      expect(err).toMatch(/ Nothing was audited\.\n$/);
    }
  });

  test('is 2 for a schema that was changed, and the report has both definitions', async () => {
    await using other = await openTestGuard();
    // An audit that reads nothing is incomplete, whatever it finds.
    await twoCases(other);
    await other.guard.database.pool.pg.query('alter table sessions alter column version set default 0');
    const { code, out } = await verify(other.databaseUrl, '--all', '--rule', 'SV303');
    expect(code).toBe(2);
    expect(out).toContain(
      'object column sessions.version\n    it is defined as integer not null default 0; the migrations define it as\n    integer not null default 1',
    );
  });

  test.each([
    ['rules', 'SV101  error    model-change-not-fresh'],
    ['explain sv101', 'SV101 model-change-not-fresh (error, transition)'],
    ['schema', '"schemaVersion"'],
    ['--help', 'exit: 0 no findings'],
  ])('for %s is 0, without a database', async (args, said) => {
    expect(await verify(undefined, ...args.split(' '))).toMatchObject({ code: 0, out: expect.stringContaining(said) });
  });

  test('is 1 if the database connection is terminated during the audit', async () => {
    await using held = await holdLock(home.databaseUrl, 'lock table archives in access exclusive mode');
    const running = verify(home.databaseUrl, '--all', '--format', 'json');
    const { pg } = home.guard.database.pool;
    let over = false;
    void running.finally(() => {
      over = true;
    });
    // The audit has several connections, which reach the lock at different times.
    await eventually(async () => {
      await pg.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'verify-sessions' and wait_event_type = 'Lock' and datname = current_database()`,
      );
      return over;
    });
    const { code, out } = await running;
    expect(code).toBe(1);
    expect(reportSchema.parse(JSON.parse(out)).summary.incomplete.length).toBeGreaterThan(0);
    await held.letGo();
  });

  test('is 1 if --max-duration is over, and the report is marked INCOMPLETE', async () => {
    await using held = await holdLock(home.databaseUrl, 'lock table archives in access exclusive mode');
    const { code, out } = await verify(home.databaseUrl, '--all', '--max-duration', '1s');
    expect(out).toContain('INCOMPLETE (exit 1)');
    expect(code).toBe(1);
    await held.letGo();
  });
});

describe('without --database and PHASELOCK_DATABASE_URL', () => {
  test('a data folder that does not exist is an error, and is not created', async () => {
    await using directory = await temporaryDirectory();
    const dataDir = join(directory.path, 'data');
    const env = { ...environment(undefined), PHASELOCK_DATA_DIR: dataDir };
    for (const more of [[], ['--deep'], ['--record']]) {
      const { code, err } = await verifyIn(env, '--all', ...more);
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(/neither --database nor PHASELOCK_DATABASE_URL .* does not exist/),
      ]);
    }
    expect(await lstat(dataDir).catch((error: NodeJS.ErrnoException) => error.code)).toBe('ENOENT');
  });

  test('a data folder without a database is an error, and stays as it is', async () => {
    await using directory = await temporaryDirectory();
    await mkdir(join(directory.path, 'archive'));
    const env = { ...environment(undefined), PHASELOCK_DATA_DIR: directory.path };
    const { code, err } = await verifyIn(env, '--all');
    expect([code, err]).toEqual([1, expect.stringContaining(`${directory.path} has none`)]);
    expect(await readdir(directory.path)).toEqual(['archive']);
  });
});

describe('an audit that would check nothing exits with 64 and the reason', () => {
  test.each([
    ['--rule SV101 --skip SV101', 'no rule is left to run'],
    ['--rule SV902', 'no rule is left to run'],
    ['--rule SV504', 'SV504: archive objects are read only with --deep'],
    ['--rule SV108,SV304', 'SV108: the log of the service is compared only with --logs'],
    ['--rule SV503,SV504 --skip SV503', 'SV504: archive objects are read only with --deep'],
  ])('for %s', async (args, reason) => {
    const { code, out, err } = await verify(home.databaseUrl, '--all', ...args.split(' '));
    expect(err).toContain(reason);
    expect([code, out]).toEqual([64, '']);
  });

  test('for a rule that the source does not store the data of, and for one without its log', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'obra.db');
    makeObra(path);
    const obra = ['--all', '--source', `obra:${path}`];
    expect(await verify(undefined, ...obra, '--rule', 'SV101')).toMatchObject({
      code: 64,
      err: expect.stringContaining('SV101: this source does not store the data it needs'),
    });
    expect((await verify(undefined, ...obra, '--rule', 'SV101,SV404')).code).toBe(0);
    expect((await verify(undefined, ...obra, '--rule', 'SV108')).code).toBe(64);
  });
});

describe('rules that do not apply', () => {
  test('are named once, and each reason is told once', async () => {
    const { out } = await verify(home.databaseUrl, '--all');
    for (const rule of ['SV108', 'SV304', 'SV403', 'SV405', 'SV504', 'SV507'])
      expect(out.match(new RegExp(`${rule}[^:]* do(es)? not apply: `, 'g')), rule).toHaveLength(1);
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'obra.db');
    makeObra(path);
    const { out: foreign } = await verify(undefined, '--all', '--source', `obra:${path}`);
    const [told = '', ...more] = foreign.replaceAll('\n', ' ').split('this source does not store the data it needs');
    expect(told).toMatch(/SV101, SV102, .*, SV507, .* do not apply: $/);
    expect(more).toHaveLength(1);
  });

  test('are not named with -q, nor if --rule does not name them', async () => {
    expect((await verify(home.databaseUrl, '--all', '-q')).out).not.toContain('apply');
    expect((await verify(home.databaseUrl, '--all', '--rule', 'SV101')).out).not.toContain('apply');
    expect((await verify(home.databaseUrl, '--all', '--rule', 'SV101,SV504')).out).toContain('SV504 does not apply');
  });
});

describe('--logs', () => {
  test('reports a model change without a log line as SV108', async () => {
    await using directory = await temporaryDirectory();
    await using other = await openTestGuard();
    const path = join(directory.path, 'service.log');
    const cases = await twoCases(other);
    await writeFile(path, '');
    const missing = await verify(other.databaseUrl, '--all', '--logs', path, '--fail-on', 'warning');
    expect(missing).toMatchObject({ code: 2, out: expect.stringContaining('SV108 change-not-logged') });
    const line = JSON.stringify({
      'log.level': 'info',
      task_attempt_id: cases.attemptId,
      previous_variant: SONNET,
      current_variant: OPUS,
      process_id: cases.processId,
      message: 'Model changed between sessions, starting fresh to avoid context incompatibility',
    });
    await writeFile(path, `noise\n${line}\n`);
    expect((await verify(other.databaseUrl, '--all', '--logs', path, '--fail-on', 'warning')).code).toBe(0);
  });

  test('is not read if --skip or --rule leaves SV108 out, and the report says so', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'service.log');
    await writeFile(path, '');
    const all = ['--all', '--logs', path, '--fail-on', 'warning'];
    for (const without of [
      ['--skip', 'SV108'],
      ['--rule', 'SV101'],
    ]) {
      const { code, out } = await verify(home.databaseUrl, ...all, ...without, '--format', 'json');
      const { notes, summary } = reportSchema.parse(JSON.parse(out));
      expect(notes).toEqual(['--logs is not read: SV108 is left out.']);
      expect(summary.skipped).toContain('SV108');
      expect([code, summary.ran.includes('SV108')]).toEqual([0, false]);
    }
    expect((await verify(home.databaseUrl, ...all)).code).toBe(2);
    expect((await verify(home.databaseUrl, ...all, '--rule', 'SV108')).code).toBe(2);
  });
});

test('the version is printed by --version and is part of every report', async () => {
  const { code, out } = await verify(undefined, '--version');
  expect([code, out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  const version = out.trim();
  expect((await verify(undefined, 'rules', '--version')).out).toBe(out);
  for (const [format, part] of [
    ['human', `verify-sessions ${version} · `],
    ['json', `"version":"${version}"`],
    ['ndjson', `"version":"${version}"`],
    ['junit', `<property name="version" value="${version}"/>`],
    ['github', `verify-sessions ${version}: `],
    ['sarif', `"version": "${version}"`],
  ] as const)
    expect((await verify(home.databaseUrl, '--all', '--format', format)).out).toContain(part);
});

test('no character of the data acts on a terminal, in any format or message', async () => {
  await using spoilt = await openTestGuard();
  const { second } = await twoCases(spoilt);
  const name = '\u001b[31mred\u001b[0m\u009b2J\u0007\r\n\tnext\u202edne\u2066\u200f\u007f';
  await misname(spoilt, second, name);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for control characters
  const acting = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
  for (const format of ['human', 'json', 'ndjson', 'junit', 'github', 'sarif']) {
    const { code, out } = await verify(spoilt.databaseUrl, '--all', '--format', format);
    expect(out, format).not.toMatch(acting);
    expect(out, format).toContain('red');
    expect(code, format).toBe(2);
    if (format === 'json')
      expect(reportSchema.parse(JSON.parse(out)).findings[0]?.message).toContain(`it names ${name}`);
  }
  for (const args of [
    ['\u001b[31m\nOK'],
    ['--task', '\u009b2J'],
    ['--all', '--rule', 'SV\u202e'],
    ['--all', '-o', '/no/\u001b'],
  ]) {
    const { err } = await verify(spoilt.databaseUrl, ...args);
    expect(err).not.toMatch(acting);
    expect(err.split('\n')[0]).toMatch(/^verify-sessions: .*\\u\{/);
  }
});
