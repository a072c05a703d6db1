import {
  aStart,
  aTurn,
  begin,
  openTestGuard,
  runTurn,
  SONNET,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import fc from 'fast-check';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { healthyHistory } from '../../test/healthy-history.ts';
import { guardOfClient } from '../../test/random-history/guard-of-client.ts';
import { openHistoryArchive } from '../../test/random-history/open-history-archive.ts';
import { openRandomHistory } from '../../test/random-history/random-history.ts';
import { auditOwnDatabase } from '../audit-own-database.ts';
import { SIEVES } from './sift.ts';

const RUNS = Number(process.env.PHASELOCK_TEST_FUZZ_RUNS ?? 40);
const SEED = Number(process.env.PHASELOCK_TEST_FUZZ_SEED ?? 20_261_121);

/** A sample of 100 % covers everything, but uses no sieves. */
const WITHOUT_SIEVES = { kind: 'sample', share: 1 } as const;

const TABLES = ['processes', 'sessions', 'session_events', 'slots', 'attempts', 'tasks'] as const;

type Damage = {
  readonly table: (typeof TABLES)[number];
  readonly how: 'gone' | 'twice' | 'nothing' | "another's" | 'made up';
  readonly row: number;
  readonly column: number;
};

const damages = fc.array(
  fc.record<Damage>({
    table: fc.constantFrom(...TABLES),
    how: fc.constantFrom('gone', 'twice', 'nothing', "another's", 'made up'),
    row: fc.nat(1_000),
    column: fc.nat(1_000),
  }),
  { minLength: 1, maxLength: 2 },
);

/**
 * Adds correct but unusual data: a turn without a reported id, a running turn, and sessions that were deleted, stopped,
 * purged or never used.
 */
async function unusualHistory(
  home: TestGuard,
): Promise<{ readonly silent: string; readonly unused: string; readonly stopped: string }> {
  const { guard, world } = home;
  const { taskId, attemptId, first } = await healthyHistory(home);
  const verify = await begin(guard, aStart(taskId, SONNET, { phase: 'verify' }));
  await runTurn(guard, aTurn(verify, attemptId), `verify-${taskId}`);
  const silent = startedOf(await guard.startTurn(aTurn(verify, attemptId)));
  await guard.finishTurn({ ...tokenOf(silent), ending: 'killed' });
  await runTurn(guard, aTurn(verify, attemptId), `again-${taskId}`);
  await guard.startTurn(aTurn(verify, await world.attempt(taskId)));
  const other = await world.task();
  const unused = await begin(guard, aStart(other));
  await guard.softDelete({ sessionId: unused.id });
  const stopped = await begin(guard, aStart(other));
  await guard.closeSession({ sessionId: stopped.id, generation: stopped.generation, how: 'stop' });
  await replay(guard.database.pool.pg, [
    `insert into archives (session_id, task_id, project_id, phase, mode, agent, variant, model, generation, predecessor_id, replaced_by,
                           session_created_at, deleted_at, deleted_reason, feedback_count, session_version, object_key, sha256, bytes,
                           process_count, event_count, log_count, verified_at, purged_at, expires_at)
     select s.id, task_id, project_id, phase, mode, agent, variant, model, generation, predecessor_id, replaced_by, s.created_at, deleted_at,
            deleted_reason, 0, version, s.id::text, sha256('x'), 1, 2,
            (select count(*) from session_events e where e.task_id = s.task_id and (e.session_id = s.id or e.predecessor_id = s.id)),
            0, now(), now(), now() + interval '1 year' from sessions s join tasks t on t.id = s.task_id where s.id = '${first}'`,
    `delete from processes where session_id = '${first}'`,
    `delete from sessions where id = '${first}'`,
  ]);
  return { silent: verify.id, unused: unused.id, stopped: stopped.id };
}

/** Runs statements with triggers and foreign keys switched off. */
async function replay(pool: pg.Pool, statements: readonly string[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(['begin; set local session_replication_role = replica', ...statements, 'commit'].join(';\n'));
  } finally {
    client.release(true);
  }
}

/** Drops the constraints that would refuse the damage, and copies all tables so that they can be restored. */
async function disarm(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ sql: string }>(
    `
    select format('alter table %s drop constraint %I cascade', conrelid::regclass, conname) as sql
    from pg_constraint where contype in ('c', 'f') and conrelid = any($1::regclass[])
    union all
    select format('drop index %s', indexrelid::regclass) from pg_index
    where indrelid = any($1::regclass[]) and indisunique and not indisprimary
    union all
    select format('alter table %s alter column %I drop not null', a.attrelid::regclass, a.attname) from pg_attribute a
    where a.attrelid = any($1::regclass[]) and a.attnum > 0 and a.attnotnull and a.attname <> 'task_id'
      and not exists (select 1 from pg_index i where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any(i.indkey))
  `,
    [TABLES],
  );
  await replay(pool, [
    ...rows.map(({ sql }) => sql),
    'alter table session_events alter column id drop identity',
    ...TABLES.map((table) => `create table whole_${table} as table ${table}`),
  ]);
}

const restored = TABLES.flatMap((table) => [
  `delete from ${table}`,
  `insert into ${table} select * from whole_${table}`,
]);

async function damage(pool: pg.Pool, { table, how, row, column }: Damage): Promise<string[]> {
  const { rows: columns } = await pool.query<{ name: string; type: string }>(
    `select column_name as name, data_type as type from information_schema.columns where table_schema = 'public' and table_name = $1 and data_type <> 'xid8'
     order by ordinal_position`,
    [table],
  );
  const one = (nth: number): string =>
    `(select ctid from ${table} x order by x::text offset ${nth} % (select count(*) from ${table}) limit 1)`;
  const { name, type } = columns[column % columns.length] ?? { name: '', type: '' };
  const set = (value: string): string[] => [`update ${table} t set ${name} = ${value} where ctid = ${one(row)}`];
  switch (how) {
    case 'gone':
      return [`delete from ${table} where ctid = ${one(row)}`];
    case 'twice': {
      const fresh = { uuid: 'gen_random_uuid()', bigint: 'id + 1000000' }[
        columns.find((at) => at.name === 'id')?.type ?? ''
      ];
      if (fresh === undefined) return [];
      const names = columns.map((at) => at.name);
      return [
        `insert into ${table} (${names.join(', ')})
         select ${names.map((at) => (at === 'id' ? fresh : at)).join(', ')} from ${table} where ctid = ${one(row)}`,
      ];
    }
    case 'nothing':
      return set('null');
    case "another's":
      return set(`(select ${name} from ${table} where ctid = ${one(row * 7 + 1)})`);
    case 'made up':
      return set(madeUp(name, type));
  }
}

function madeUp(name: string, type: string): string {
  switch (type) {
    case 'uuid':
      return 'gen_random_uuid()';
    case 'boolean':
      return `not ${name}`;
    case 'timestamp with time zone':
      return `coalesce(${name}, now()) + interval '3 days'`;
    case 'jsonb':
      return `'{"made": "up"}'`;
    case 'text':
      return `'made up'`;
    case 'bytea':
      return `sha256('made up')`;
    default:
      return `coalesce(${name}, 0) + 70`;
  }
}

async function heard(url: string, wanted: Parameters<typeof auditOwnDatabase>[1]): Promise<unknown> {
  const { findings, summary } = await auditOwnDatabase(url, wanted);
  // The order of two turns with the same number is undefined, so either may be reported; the session is compared
  // instead.
  const told = findings.map(({ rule, subject, taskId, sessionId }) =>
    JSON.stringify([rule, subject.kind, subject.kind === 'process' ? sessionId : subject.id, taskId]),
  );
  return { incomplete: summary.incomplete, told: told.toSorted() };
}

/** Damages the history again and again, and compares what both audits report. */
async function compareDamaged(databaseUrl: string, pool: pg.Pool, numRuns: number): Promise<void> {
  const bothSame = async (): Promise<void> =>
    expect(await heard(databaseUrl, {})).toEqual(await heard(databaseUrl, { wanted: WITHOUT_SIEVES }));
  await disarm(pool);
  await bothSame();
  await fc.assert(
    fc.asyncProperty(damages, async (all) => {
      for (const one of all) await replay(pool, await damage(pool, one)).catch(isRefused);
      await bothSame().finally(() => replay(pool, restored));
    }),
    { numRuns, seed: SEED },
  );
}

test('audits with and without sieves report the same findings for random damage', { timeout: 240_000 }, async () => {
  await using home = await openTestGuard();
  await unusualHistory(home);
  await unusualHistory(home);
  await compareDamaged(home.databaseUrl, home.guard.database.pool.pg, RUNS);
});

test('the same holds for random damage of a random history', { timeout: 60_000 + RUNS * 10_000 }, async () => {
  await using home = await openTestGuard();
  await using archive = await openHistoryArchive();
  const { database } = home.guard;
  const history = await openRandomHistory({
    home,
    seed: SEED,
    purge: () => archive.purge(database),
    open: (settings) => guardOfClient(home, settings, () => undefined),
  });
  await history.goOn(600);
  await compareDamaged(home.databaseUrl, database.pool.pg, Math.ceil(RUNS / 4));
});

test('sieves return nothing for a healthy history, and only the unusual sessions otherwise', async () => {
  await using home = await openTestGuard();
  await healthyHistory(home);
  await healthyHistory(home);
  const { pg: pool } = home.guard.database.pool;
  const held = async (): Promise<Record<string, string[]>> => {
    const all: Record<string, string[]> = {};
    for (const [name, { sql }] of Object.entries(SIEVES)) {
      // Pairs of models are judged by core, not by the query.
      if (name !== 'models') all[name] = (await pool.query(sql)).rows.map(({ id }) => id).toSorted();
    }
    return all;
  };
  const nothing = { turns: [], attempts: [], unused: [], lives: [], told: [], overlaps: [] };
  expect(await held()).toEqual(nothing);
  const { silent, unused, stopped } = await unusualHistory(home);
  expect(await held()).toEqual({ ...nothing, turns: [silent], unused: [unused, stopped].toSorted() });
});

/** Ignores damage that a primary key or a not-null constraint still refuses. */
function isRefused(error: unknown): void {
  if (!(error instanceof Error) || !/primary|unique|null value/.test(error.message)) throw error;
}
