import { connectListener, killFlag, openDatabase, readFlagState, setFlag } from '@phaselock/store';
import { createTelemetry, silentLogger } from '@phaselock/telemetry';
import { createTestDatabase, eventually } from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bucketOf } from '../bucketing/share.ts';
import { type OpenFlags, openFlags } from './open-flags.ts';

const GUARD = 'single_session_guard';

let resources: AsyncDisposableStack;
let databaseUrl: string;
type Client = Awaited<ReturnType<typeof connectListener>>;

let admin: Client;
beforeEach(async () => {
  resources = new AsyncDisposableStack();
  databaseUrl = resources.use(await createTestDatabase()).url;
  admin = await connected();
});
afterEach(() => resources.disposeAsync());

async function connected(): Promise<Client> {
  const client = await connectListener(databaseUrl);
  resources.defer(() => client.end());
  return client;
}

async function aProcess(options: Partial<Parameters<typeof openFlags>[0]> = {}): Promise<OpenFlags> {
  const open = () => resources.use(openDatabase({ url: databaseUrl, maxSize: 2 }));
  const [reserve, forKills] = [open(), open()];
  const telemetry = createTelemetry();
  return resources.use(
    await openFlags({ databaseUrl, reserve, forKills, telemetry, logger: silentLogger(), ...options }),
  );
}

/** Users whose buckets decide from which percentage on they are enrolled. */
const users = Array.from({ length: 400 }, (_, index) => `user-${index}`);
const inShare = (percent: number) =>
  users.filter((user) => bucketOf({ flag: GUARD, salt: '1' }, user) < Math.round(percent * 100));
const enrolledBy = async (flags: OpenFlags): Promise<string[]> => {
  const found = await Promise.all(users.map(async (user) => [user, await flags.enrolmentOf(user)] as const));
  return found.filter(([, enrolment]) => enrolment === 'enrolled').map(([user]) => user);
};

describe('enrolment', () => {
  test('includes every user with a name in a new database', async () => {
    const flags = await aProcess();
    expect(await enrolledBy(flags)).toEqual(users);
    expect(await flags.enrolmentOf(undefined)).toBe('outside');
  });

  test('grows from 5 to 25 to 50 percent, and no user leaves', async () => {
    const flags = await aProcess();
    let before: string[] = [];
    for (const percent of [5, 25, 50]) {
      await flags.set({ name: GUARD, percent });
      const now = await enrolledBy(flags);
      expect(now).toEqual(inShare(percent));
      expect(before.filter((user) => !now.includes(user))).toEqual([]);
      before = now;
    }
    expect(before.length).toBeGreaterThan(users.length / 4);
  });

  test('is off for all users if the flag is off', async () => {
    const flags = await aProcess();
    await flags.set({ name: GUARD, percent: 50, enabled: false });
    for (const user of users.slice(0, 20)) expect(await flags.enrolmentOf(user)).toBe('off');
    expect(await flags.enrolmentOf(undefined)).toBe('off');
  });

  test('gives each locking strategy to its share of the tasks', async () => {
    const flags = await aProcess();
    await flags.set({ name: 'pessimistic_locking_enabled', percent: 50 });
    const tasks = users.map((user) => flags.locks({ taskId: user as never }));
    const pessimistic = (await Promise.all(tasks)).filter((lock) => lock.pessimistic_locking_enabled).length;
    expect(pessimistic / users.length).toBeGreaterThan(0.4);
    expect(pessimistic / users.length).toBeLessThan(0.6);
  });
});

describe('a third-party provider', () => {
  const says = (value: boolean, reason = 'SPLIT') => ({
    metadata: { name: 'theirs' },
    resolveBooleanEvaluation: async () => ({ value, reason }),
    resolveStringEvaluation: async (_: string, value: string) => ({ value }),
    resolveNumberEvaluation: async (_: string, value: number) => ({ value }),
    resolveObjectEvaluation: async <T>(_: string, value: T) => ({ value }),
  });

  test.each([
    [true, 'SPLIT', 'enrolled'],
    [false, 'SPLIT', 'outside'],
    [false, 'DISABLED', 'off'],
  ] as const)('decides: value %j with reason %s is %s', async (value, reason, enrolment) => {
    const flags = await aProcess({ provider: says(value, reason) });
    expect(await flags.enrolmentOf('ada')).toBe(enrolment);
  });

  test('that fails leaves its users outside', async () => {
    const provider = { ...says(true), resolveBooleanEvaluation: () => Promise.reject(new Error('away')) };
    expect(await (await aProcess({ provider })).enrolmentOf('ada')).toBe('outside');
  });

  test('that never answers leaves its users outside and the locks at their defaults', async () => {
    const never = () => Promise.withResolvers<never>().promise;
    const provider = { ...says(true), resolveBooleanEvaluation: never, resolveStringEvaluation: never };
    const flags = await aProcess({ provider });
    await flags.set({ name: 'locking_strategy', enabled: true, value: 'redis' });
    expect(await flags.enrolmentOf('ada')).toBe('outside');
    expect(await flags.locks({ taskId: 'a task' as never })).toEqual({
      pessimistic_locking_enabled: true,
      locking_strategy: undefined,
    });
  });

  test('cannot switch a killed flag on', async () => {
    const flags = await aProcess({ provider: says(true) });
    await flags.kill({ name: GUARD, why: 'they fail' });
    expect(await flags.enrolmentOf('ada')).toBe('off');
  });

  test('does not affect another service in the same process', async () => {
    const [ours, theirs] = [await aProcess(), await aProcess({ provider: says(false) })];
    expect([await ours.enrolmentOf('ada'), await theirs.enrolmentOf('ada')]).toEqual(['enrolled', 'outside']);
  });
});

/** Runs a statement on a separate connection. `waits` resolves when it waits for a lock. */
function connectedSetting(statement: string): { readonly waits: Promise<unknown>; readonly done: Promise<unknown> } {
  const client = connected();
  const done = client.then((it) => it.query(statement));
  done.catch(() => undefined);
  const waits = eventually(async () => {
    const { rows } = await admin.query(
      "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and query like 'select set_flag%'",
    );
    expect(rows).toHaveLength(1);
  });
  return { waits, done };
}

describe('a kill', () => {
  const isOff = (flags: OpenFlags) => eventually(async () => expect(await flags.enrolmentOf('ada')).toBe('off'));

  test('takes effect at once in its own process, and then in the others', async () => {
    const [here, there] = [await aProcess(), await aProcess()];
    expect(await there.enrolmentOf('ada')).toBe('enrolled');
    expect(await here.kill({ name: GUARD, actor: 'ada', why: 'they fail' })).toMatchObject({
      enabled: false,
      killed: true,
    });
    expect(await here.enrolmentOf('ada')).toBe('off');
    await isOff(there);
  });

  test.each([
    ['select kill_flag($$single_session_guard$$, $$me$$, $$why$$)'],
    ['update flags set enabled = false where name = $$single_session_guard$$'],
    ['insert into flag_kills (flag, actor, why) values ($$single_session_guard$$, $$me$$, $$why$$)'],
  ])('may be plain SQL: %s', async (statement) => {
    const flags = await aProcess();
    await admin.query(statement);
    await isOff(flags);
  });

  test.each([
    ['the row of the flag is locked', 'select from flags for update'],
    ['another transaction changes the flag', 'update flags set percent = 5'],
    ['the table flags is locked', 'lock table flags in access exclusive mode'],
    ['an index of flag_changes is created', 'lock table flag_changes in share mode'],
    ['an index of flag_kills is created', 'lock table flag_kills in share mode'],
  ])('does not wait while %s', async (_, statement) => {
    const flags = await aProcess();
    expect(await flags.enrolmentOf('ada')).toBe('enrolled');
    await admin.query('begin');
    await admin.query(statement);
    // The statement timeout makes the kill fail if it has to wait for the lock.
    const other = await connected();
    await other.query("set statement_timeout = '2s'");
    await other.query('select kill_flag($1, $2, $3)', [GUARD, 'me', 'why']);
    await isOff(flags);
    await admin.query('commit');
    // The commit of that transaction does not end the kill either.
    const later = await connected();
    expect((await later.query('select enabled from flag_states where name = $1', [GUARD])).rows).toEqual([
      { enabled: false },
    ]);
    expect(await flags.enrolmentOf('ada')).toBe('off');
  });

  test('is reported as done while the table flags is locked', async () => {
    const flags = await aProcess();
    expect(await flags.enrolmentOf('ada')).toBe('enrolled');
    await admin.query('begin');
    await admin.query('lock table flags in access exclusive mode');
    expect(await flags.kill({ name: GUARD, why: 'they fail' })).toMatchObject({ enabled: false, killed: true });
    await admin.query('commit');
  });

  test('is not ended by a later change, a lost connection or a new process', async () => {
    const flags = await aProcess();
    await flags.kill({ name: GUARD, why: 'they fail' });
    await flags.set({ name: GUARD, enabled: true, percent: 100, actor: 'a controller' });
    expect(await flags.enrolmentOf('ada')).toBe('off');
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and application_name = 'phaselock-listener' and datname = current_database()",
    );
    expect(await flags.enrolmentOf('ada')).toBe('off');
    expect(await (await aProcess()).enrolmentOf('ada')).toBe('off');
    await admin.query('alter table flags rename to hidden');
    expect(await flags.enrolmentOf('ada')).toBe('off');
  });

  test('ends when a person releases it, and the history has all changes', async () => {
    const flags = await aProcess();
    await flags.kill({ name: GUARD, actor: 'ada', why: 'they fail' });
    await flags.set({ name: GUARD, enabled: true, releaseKills: true, actor: 'bob', why: 'mended' });
    expect(await flags.enrolmentOf('ada')).toBe('enrolled');
    const { items } = await flags.changes(GUARD, { limit: 10 });
    expect(items.map(({ actor, why, from, to }) => ({ actor, why, from, to }))).toMatchObject([
      { actor: 'bob', why: 'mended', from: { killed: true }, to: { killed: false } },
      { actor: 'bob', why: 'mended', from: { enabled: false }, to: { enabled: true } },
      { actor: 'ada', why: 'they fail', from: { enabled: true }, to: { enabled: false } },
      { actor: 'ada', why: 'they fail', from: { killed: false }, to: { killed: true } },
    ]);
  });

  test('works in a transaction that cannot update the row of the flag, and keeps its lock_timeout', async () => {
    const other = await connected();
    await other.query("set lock_timeout = '7s'");
    await other.query('begin isolation level repeatable read');
    await other.query('select from flags');
    await admin.query('update flags set percent = 50');
    await other.query('select kill_flag($1, $2, $3)', [GUARD, 'me', 'why']);
    expect((await other.query('show lock_timeout')).rows).toEqual([{ lock_timeout: '7s' }]);
    await other.query('commit');
    const { rows } = await admin.query('select killed from flag_states where name = $1', [GUARD]);
    expect(rows).toEqual([{ killed: true }]);
  });

  test('is not released by a change that started before it', async () => {
    const holding = await connected();
    await holding.query('begin');
    await holding.query('select from flags for update');
    // Waits for the row, and then releases every kill that it sees.
    const setting = connectedSetting(
      `select set_flag('${GUARD}', '{"enabled": true, "release_kills": true}', 'bob', 'mended', null)`,
    );
    await setting.waits;
    await admin.query('select kill_flag($1, $2, $3)', [GUARD, 'ada', 'they fail']);
    await holding.query('commit');
    await setting.done;
    const { rows } = await admin.query('select killed, enabled from flag_states where name = $1', [GUARD]);
    expect(rows).toEqual([{ killed: true, enabled: false }]);
  });

  test('of an unknown flag is refused', async () => {
    const flags = await aProcess();
    await expect(flags.kill({ name: 'single_sesion_guard', why: 'typing error' })).rejects.toMatchObject({
      code: 'flag_not_found',
    });
    await expect(admin.query("select kill_flag('single_sesion_guard', 'me', '')")).rejects.toThrow('there is no flag');
  });
});

describe('a process', () => {
  test('receives changes while its connection is terminated repeatedly', async () => {
    const flags = await aProcess();
    const terminate =
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and application_name = 'phaselock-listener' and datname = current_database()";
    const cut = setInterval(() => void admin.query(terminate).catch(() => undefined), 50);
    try {
      for (const percent of [10, 20, 30]) {
        await admin.query('update flags set percent = $1', [percent]);
        await eventually(async () => expect((await enrolledBy(flags)).length).toBe(inShare(percent).length));
      }
    } finally {
      clearInterval(cut);
    }
  });

  test('keeps the last known flags while they cannot be read, and then follows again', async () => {
    const flags = await aProcess();
    await flags.set({ name: GUARD, percent: 25 });
    await admin.query('alter table flags rename to hidden');
    expect(await enrolledBy(flags)).toEqual(inShare(25));
    await admin.query('update hidden set percent = 50');
    await admin.query('alter table hidden rename to flags');
    await eventually(async () => expect(await enrolledBy(flags)).toEqual(inShare(50)));
  });

  test('has at most one connection that waits for a lock while the flags are locked', async () => {
    const flags = await aProcess();
    expect(await flags.enrolmentOf('ada')).toBe('enrolled');
    const listeners = async (): Promise<{ pid: number; waits: boolean }[]> =>
      (
        await other.query(
          "select pid, wait_event_type is not distinct from 'Lock' as waits from pg_stat_activity where application_name = 'phaselock-listener' and datname = current_database() and pid <> all(array[$1, pg_backend_pid()])",
          [locker],
        )
      ).rows;
    const other = await connected();
    const locker = (await admin.query('select pg_backend_pid() as pid')).rows[0].pid;
    await admin.query('begin');
    await admin.query('lock table flags in access exclusive mode');
    const seen = new Set<number>();
    await eventually(
      async () => {
        for (const { pid, waits } of await listeners()) if (waits) seen.add(pid);
        expect(seen.size).toBeGreaterThanOrEqual(4);
      },
      { withinMs: 20_000 },
    );
    expect((await listeners()).filter(({ waits }) => waits).length).toBeLessThanOrEqual(1);
    await admin.query('commit');
  });

  test('exports its flags and their age as metrics', async () => {
    const telemetry = createTelemetry();
    const flags = await aProcess({ telemetry });
    await flags.set({ name: GUARD, percent: 25 });
    const text = await telemetry.exposition();
    expect(text).toContain(`phaselock_flag_enabled{flag="${GUARD}"} 1`);
    expect(text).toContain(`phaselock_rollout_percent{flag="${GUARD}"} 25`);
    expect(text).toContain(`phaselock_flag_version{flag="${GUARD}"} 2`);
    expect(text).toContain('phaselock_flag_enabled{flag="locking_strategy"} 0');
    expect(text).toMatch(/^phaselock_flag_read_age_seconds 0\.\d+$/m);
  });

  test('that has not read the flags exports no flag metrics', async () => {
    const text = await createTelemetry().exposition();
    expect(text).not.toMatch(/^phaselock_(?:flag|rollout_percent).*\d$/m);
  });
});

describe('setting a flag', () => {
  test.each([
    [{ name: 'no_such_flag', enabled: true }, 'flag_not_found'],
    [{ name: 'locking_strategy', enabled: true, value: 'zookeeper' }, 'invalid_request'],
    [{ name: GUARD, enabled: false, seenVersion: 99 }, 'version_mismatch'],
  ])('refuses %j with %s', async (change, code) => {
    const flags = await aProcess();
    await expect(flags.set(change)).rejects.toMatchObject({ code });
  });

  test('uses its value as the locking strategy only while it is on', async () => {
    const flags = await aProcess();
    const locks = () => flags.locks({ taskId: 'a task' as never });
    await flags.set({ name: 'locking_strategy', enabled: true, value: 'redis' });
    expect(await locks()).toEqual({ pessimistic_locking_enabled: true, locking_strategy: 'redis' });
    await flags.set({ name: 'locking_strategy', enabled: false });
    expect(await locks()).toEqual({ pessimistic_locking_enabled: true, locking_strategy: undefined });
    await flags.set({ name: 'pessimistic_locking_enabled', enabled: false });
    expect(await locks()).toEqual({ pessimistic_locking_enabled: false, locking_strategy: undefined });
  });

  test('lets one of two writers with the same version succeed', async () => {
    const database = resources.use(openDatabase({ url: databaseUrl }));
    const seenVersion = (await readFlagState(database, GUARD))?.version ?? 0;
    const outcomes = await Promise.all(
      [5, 25].map((percent) => setFlag(database, { name: GUARD, percent, seenVersion })),
    );
    expect(outcomes.filter((outcome) => outcome === 'version-mismatch')).toHaveLength(1);
  });

  test('does not allow changes to its history or its kills', async () => {
    const database = resources.use(openDatabase({ url: databaseUrl }));
    await killFlag(database, { name: GUARD, why: 'they fail' });
    for (const statement of [
      "update flag_changes set actor = 'nobody'",
      'delete from flag_changes',
      'truncate flag_changes',
      "update flag_kills set why = 'no reason'",
      'delete from flag_kills',
      'truncate flag_kills',
    ])
      await expect(admin.query(statement), statement).rejects.toThrow(/append-only|is kept|only be released/);
  });
});
