import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  aStart,
  aTurn,
  begin,
  createEmptyDatabase,
  eventually,
  holdLock,
  OPUS,
  openTestGuard,
  replaceBy,
  runTurn,
  SONNET,
  spawnNode,
  type TestGuard,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { reportSchema } from './report-schema.ts';

const MAIN = resolve(import.meta.dirname, 'main.ts');

type Ran = { readonly code: number | null; readonly signal: string | null; readonly out: string; readonly err: string };

async function verify(url: string | undefined, ...args: readonly string[]): Promise<Ran> {
  const env = {
    PHASELOCK_DATABASE_URL: url,
    PHASELOCK_DATA_DIR: '/no/such/place',
    NO_COLOR: undefined,
    FORCE_COLOR: undefined,
  };
  await using run = spawnNode(MAIN, { args, env });
  return { ...(await run.exited), out: run.stdout(), err: run.stderr() };
}

let home: TestGuard;
let attemptId: string;
beforeAll(async () => {
  home = await openTestGuard();
  attemptId = (await twoCases(home)).attemptId;
});
afterAll(() => home[Symbol.asyncDispose]());

/** One attempt: two turns with one model, then a replacement by another model. */
async function twoCases({ guard, world }: TestGuard) {
  const taskId = await world.task();
  const attempt = await world.attempt(taskId);
  const first = await begin(guard, aStart(taskId, SONNET));
  await runTurn(guard, aTurn(first, attempt), `a-${taskId}`);
  await runTurn(guard, aTurn(first, attempt), `b-${taskId}`);
  const second = await replaceBy(guard, aStart(taskId, OPUS));
  const { processId } = await runTurn(guard, aTurn(second, attempt), `c-${taskId}`);
  return { attemptId: attempt, taskId, first: first.id, second: second.id, processId };
}

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
    [['--all', '-o', '/no/such/folder/report'], 1, 'no such file'],
    [['--all', '-o', '/tmp'], 1, 'illegal operation on a directory'],
  ])('for %j is %i', async (args, expected, said) => {
    const { code, err } = await verify(home.databaseUrl, ...args);
    expect(err).toContain(said);
    expect(err).not.toMatch(/ {4}at /);
    expect(code).toBe(expected);
  });

  test('without a database is 1, and the message names the missing settings', async () => {
    const { code, err } = await verify(undefined, '--all');
    expect([code, err]).toEqual([1, expect.stringContaining('neither --database nor PHASELOCK_DATABASE_URL')]);
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

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('after %s is %i', async (signal, expected) => {
    await using held = await holdLock(home.databaseUrl, 'lock table archives in access exclusive mode');
    await using run = spawnNode(MAIN, { args: ['--all'], env: { PHASELOCK_DATABASE_URL: home.databaseUrl } });
    const { pg } = home.guard.database.pool;
    await eventually(async () => {
      const waiting = await pg.query(
        `select from pg_stat_activity where application_name = 'verify-sessions' and wait_event_type = 'Lock' and datname = current_database()`,
      );
      return waiting.rowCount !== 0;
    });
    run.kill(signal);
    expect(await run.exited).toEqual({ code: expected, signal: null });
    await held.letGo();
  });
});

describe('a report', () => {
  test('of several megabytes is complete on a pipe; a pipe closed by its reader exits with 1', async () => {
    await using big = await openTestGuard();
    const { second } = await twoCases(big);
    await big.guard.database.pool.pg.query(
      `insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at, agent_session_id)
       select gen_random_uuid(), task_id, phase, mode, agent, 'ready', 0, false, now(), now(), 'nobody-' || n
       from sessions, generate_series(1, 16000) n where id = $1`,
      [second],
    );
    const args = ['--all', '--rule', 'SV402', '--format', 'json', '--max-findings', '1000000'];
    const { code, out } = await verify(big.databaseUrl, ...args);
    expect(out.length).toBeGreaterThan(5_000_000);
    expect(reportSchema.parse(JSON.parse(out)).findings).toHaveLength(16_000);
    expect(code).toBe(2);

    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, PHASELOCK_DATABASE_URL: big.databaseUrl },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await once(child, 'close')).toEqual([1, null]);
  });

  test('lists at most --max-findings infos, counts all of them, and is complete', async () => {
    await using calm = await openTestGuard();
    for (let sessions = 0; sessions < 3; sessions += 1) {
      const { id: sessionId } = await begin(calm.guard, aStart(await calm.world.task()));
      await calm.guard.softDelete({ sessionId });
    }
    const all = ['--all', '--max-findings', '2'];
    const { code, out } = await verify(calm.databaseUrl, ...all, '--format', 'json');
    const { findings, summary } = reportSchema.parse(JSON.parse(out));
    expect(code).toBe(0);
    expect(findings.map(({ rule }) => rule)).toEqual(['SV302', 'SV302']);
    expect(summary).toMatchObject({ infos: 3, moreInfos: 1, truncated: false, exitCode: 0 });
    expect((await verify(calm.databaseUrl, ...all)).out).toContain('3 infos');
    expect((await verify(calm.databaseUrl, ...all, '--fail-on', 'info')).code).toBe(2);
    // A baseline that accepts the listed infos does not accept the one that is not listed.
    await using folder = await temporaryDirectory();
    const known = ['--fail-on', 'info', '--baseline', join(folder.path, 'baseline.json')];
    await verify(calm.databaseUrl, ...all, ...known);
    expect((await verify(calm.databaseUrl, ...all, ...known)).code).toBe(2);
  });

  test('in JSON matches its schema, and the schema in docs is up to date', async () => {
    const { out } = await verify(home.databaseUrl, attemptId, '--format', 'json', '--report');
    const report = reportSchema.parse(JSON.parse(out));
    expect(report.timeline).toHaveLength(3);
    expect(report.summary).toMatchObject({
      exitCode: 0,
      counts: { sessions: 2, tasks: 1, validTasks: 1, interactions: 3 },
    });
    const file = resolve(import.meta.dirname, '../../../docs/verify-sessions.schema.json');
    const { out: schema } = await verify(undefined, 'schema');
    if (process.env.PHASELOCK_UPDATE_DOCS === '1') await writeFile(file, schema);
    expect(await readFile(file, 'utf8'), 'PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test apps/verify-cli').toBe(schema);
  });

  test('is well-formed in NDJSON, JUnit, GitHub and SARIF format', async () => {
    await using spoilt = await openTestGuard();
    const { second } = await twoCases(spoilt);
    await spoilt.guard.database.pool.pg.query(`update sessions set agent_session_id = $2 where id = $1`, [
      second,
      'a <b> & "c"\u0001%',
    ]);
    const inFormat = async (format: string): Promise<string> =>
      (await verify(spoilt.databaseUrl, '--all', '--format', format)).out;

    const lines = (await inFormat('ndjson'))
      .trim()
      .split('\n')
      .map((line) => z.looseObject({ type: z.string() }).parse(JSON.parse(line)));
    expect(lines.map(({ type }) => type)).toEqual(['audit', 'finding', 'summary']);

    const xml = await inFormat('junit');
    expect(openTagsOf(xml)).toEqual([]);
    expect(xml).toContain(
      '<failure type="SV402" message="1: it names a &lt;b&gt; &amp; &quot;c&quot;\ufffd%, which no process of it reported">',
    );

    expect(await inFormat('github')).toMatch(
      /^::error title=SV402 session-names-another-conversation::session \S+: .*%25/,
    );

    const [run] = sarifSchema.parse(JSON.parse(await inFormat('sarif'))).runs;
    expect(run?.results.map(({ ruleId, ruleIndex }) => [ruleId, run.tool.driver.rules[ruleIndex]?.id])).toEqual([
      ['SV402', 'SV402'],
    ]);
  });

  test('is written to the file named by -o instead of standard output', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'report.json');
    expect(await verify(home.databaseUrl, '--all', '--format', 'json', '-o', path)).toMatchObject({ code: 0, out: '' });
    expect(reportSchema.parse(JSON.parse(await readFile(path, 'utf8'))).findings).toEqual([]);
  });

  test('written to a FIFO or through a symbolic link keeps the FIFO and the link', async () => {
    await using directory = await temporaryDirectory();
    const at = (name: string): string => join(directory.path, name);
    const [pipe, link, file] = [at('pipe'), at('link'), at('file')];
    await promisify(execFile)('mkfifo', [pipe]);
    const [{ code }, heard] = await Promise.all([
      verify(home.databaseUrl, '--all', '--format', 'json', '-o', pipe),
      readFile(pipe, 'utf8'),
    ]);
    expect([code, reportSchema.parse(JSON.parse(heard)).findings]).toEqual([0, []]);
    expect((await stat(pipe)).isFIFO()).toBe(true);
    await writeFile(file, 'of yesterday');
    await symlink(file, link);
    expect(await verify(home.databaseUrl, '--all', '--format', 'json', '-o', link)).toMatchObject({ code: 0 });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(reportSchema.parse(JSON.parse(await readFile(file, 'utf8'))).findings).toEqual([]);
    expect((await readdir(directory.path)).toSorted()).toEqual(['file', 'link', 'pipe']);
  });

  test('has colours with --color always, and by default none on a pipe', async () => {
    expect((await verify(home.databaseUrl, '--all')).out).not.toContain('\u001b[');
    expect((await verify(home.databaseUrl, '--all', '--color', 'always')).out).toContain('\u001b[32mOK');
  });
});

test('a baseline excuses known findings, SV902 reports stale entries, and --prune-baseline removes them', async () => {
  await using spoilt = await openTestGuard();
  await using directory = await temporaryDirectory();
  const { second, taskId } = await twoCases(spoilt);
  const name = (id: string) =>
    spoilt.guard.database.pool.pg.query('update sessions set agent_session_id = $2 where id = $1', [second, id]);
  await name('nobody');
  const withBaseline = (...more: string[]) =>
    verify(spoilt.databaseUrl, '--all', '--baseline', join(directory.path, 'known.json'), ...more);
  expect(await withBaseline()).toMatchObject({ code: 0, out: expect.stringContaining('1 baselined') });
  expect(await withBaseline()).toMatchObject({ code: 0, out: expect.stringContaining('1 baselined') });
  await name(`c-${taskId}`);
  expect(await withBaseline()).toMatchObject({ code: 0, out: expect.stringContaining('SV902 baseline-stale') });
  expect((await withBaseline('--fail-on', 'warning')).code).toBe(2);
  expect((await withBaseline('--prune-baseline')).code).toBe(0);
  expect((await withBaseline('--fail-on', 'warning')).code).toBe(0);
});

test('--logs reports a model change without a log line as SV108', async () => {
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

const sarifSchema = z.object({
  version: z.literal('2.1.0'),
  runs: z.array(
    z.object({
      tool: z.object({ driver: z.object({ name: z.string(), rules: z.array(z.object({ id: z.string() })) }) }),
      results: z.array(
        z.object({
          ruleId: z.string(),
          ruleIndex: z.int(),
          level: z.enum(['error', 'warning', 'note']),
          message: z.object({ text: z.string() }),
          locations: z.array(z.object({ logicalLocations: z.array(z.object({ fullyQualifiedName: z.string() })) })),
        }),
      ),
    }),
  ),
});

/** Names of the unclosed tags of an XML text, in order; empty if the text is well-formed. */
function openTagsOf(xml: string): string[] {
  const open: string[] = [];
  for (const [, closing, name = '', self] of xml.matchAll(/<(\/?)([a-z]+)(?:\s+[a-z]+="[^"<]*")*\s*(\/?)>/g)) {
    if (self === '/') continue;
    if (closing === '/') {
      if (open.pop() !== name) throw new Error(`${name} was not open`);
    } else open.push(name);
  }
  return open;
}

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
    await pg.query('drop table audit_runs');
    const before = await verify(own.databaseUrl, '--all', '--record');
    expect(before).toMatchObject({
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
