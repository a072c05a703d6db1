import { createTestDatabase } from '@phaselock/testkit';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { auditOwnDatabase } from '../../audit-own-database.ts';
import type { Finding } from '../../finding.ts';

async function change(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const sql of statements) await client.query(sql);
  } finally {
    await client.end();
  }
}

async function findAll(url: string): Promise<readonly Finding[]> {
  const { findings, summary } = await auditOwnDatabase(url);
  expect(summary.incomplete).toEqual([]);
  return findings;
}

const APPEND_ONLY = 'trigger session_events.session_events_append_only';

type Planted = {
  readonly what: string;
  readonly sql: string;
  /** The name of each object that SV303 reports, and a part of its message. */
  readonly told: Readonly<Record<string, string>>;
  readonly severity?: 'warning';
};

const PLANTED: readonly Planted[] = [
  {
    what: 'an index is dropped',
    sql: 'drop index processes_by_session',
    told: { 'index processes.processes_by_session': 'it is missing; the migrations define it as CREATE INDEX' },
  },
  {
    what: 'an index is dropped, beside functions that take calls away from those of PostgreSQL',
    sql: `drop index processes_by_session;
          create function jsonb_build_array(text, text, text, text) returns jsonb language sql as $$ select '[]'::jsonb $$;
          create function unnest(text[]) returns setof text language sql as $$ select null::text $$;
          create function quote_ident(name) returns text language sql as $$ select 'nowhere' $$`,
    told: { 'index processes.processes_by_session': 'it is missing' },
  },
  {
    what: 'an index has other columns',
    sql: `drop index sessions_one_live;
          create unique index sessions_one_live on sessions (task_id, phase, mode, id) where deleted_at is null and guarded`,
    told: { 'index sessions.sessions_one_live': '(task_id, phase, mode, id) WHERE' },
  },
  {
    what: 'an index has another condition',
    sql: `drop index sessions_one_live;
          create unique index sessions_one_live on sessions (task_id, phase, mode) where deleted_at is null and guarded and generation < 0`,
    told: { 'index sessions.sessions_one_live': '(generation < 0)' },
  },
  {
    what: 'an index is not unique, with a storage parameter beside',
    sql: `drop index sessions_one_live;
          create index sessions_one_live on sessions (task_id, phase, mode) with (fillfactor = 70) where deleted_at is null and guarded`,
    told: { 'index sessions.sessions_one_live': 'it is defined as CREATE INDEX sessions_one_live ON sessions USING' },
  },
  {
    what: 'an index is not valid',
    sql: `update pg_index set indisvalid = false where indexrelid = 'sessions_one_live'::regclass`,
    told: { 'index sessions.sessions_one_live': 'it is not valid: its creation failed' },
  },
  {
    what: 'the index of a primary key is not valid',
    sql: `update pg_index set indisvalid = false where indexrelid = 'feedback_pkey'::regclass`,
    told: { 'constraint feedback.feedback_pkey': 'it does not act: its index is not valid' },
  },
  {
    what: 'an index has another name',
    sql: 'alter index sessions_one_live rename to one_live_session',
    told: { 'index sessions.sessions_one_live': 'it acts under another name, one_live_session' },
    severity: 'warning',
  },
  {
    what: 'a further index is not valid',
    sql: `create index left_over on sessions (agent);
          update pg_index set indisvalid = false where indexrelid = 'left_over'::regclass`,
    told: { 'index sessions.left_over': 'the migrations do not make it; it is not valid' },
    severity: 'warning',
  },
  {
    what: 'a trigger is dropped',
    sql: 'drop trigger session_events_append_only on session_events',
    told: {
      [APPEND_ONLY]: 'it is missing; the migrations define it as CREATE TRIGGER session_events_append_only BEFORE',
    },
  },
  {
    what: 'a trigger is disabled',
    sql: 'alter table session_events disable trigger session_events_append_only',
    told: { [APPEND_ONLY]: 'it is disabled' },
  },
  {
    what: 'a trigger is enabled for REPLICA',
    sql: 'alter table session_events enable replica trigger session_events_append_only',
    told: { [APPEND_ONLY]: 'it is enabled for REPLICA only' },
  },
  {
    what: 'a trigger is enabled ALWAYS',
    sql: 'alter table session_events enable always trigger session_events_append_only',
    told: { [APPEND_ONLY]: 'it is enabled ALWAYS' },
  },
  {
    what: 'a trigger has other events',
    sql: `drop trigger session_events_append_only on session_events;
          create trigger session_events_append_only before truncate on session_events execute function refuse_change_of_history()`,
    told: { [APPEND_ONLY]: 'BEFORE TRUNCATE ON session_events' },
  },
  {
    what: 'a trigger has another condition',
    sql: `drop trigger sessions_keep_order on sessions;
          create trigger sessions_keep_order before update on sessions for each row when (false) execute function keep_order_of_session()`,
    told: { 'trigger sessions.sessions_keep_order': 'WHEN (false)' },
  },
  {
    what: 'a trigger calls another function',
    sql: `drop trigger session_events_append_only on session_events; create schema other;
          create function other.refuse_change_of_history() returns trigger language plpgsql as 'begin return null; end';
          create trigger session_events_append_only before delete or update or truncate on session_events execute function other.refuse_change_of_history()`,
    told: { [APPEND_ONLY]: 'EXECUTE FUNCTION other.refuse_change_of_history()' },
  },
  {
    what: 'a trigger is added',
    sql: `create function rewrite() returns trigger language plpgsql as 'begin new.actor := null; return new; end';
          create trigger rewrite before insert on session_events for each row execute function rewrite()`,
    told: { 'trigger session_events.rewrite': 'a trigger can change what is written: CREATE TRIGGER rewrite' },
  },
  {
    what: 'the body of a function is changed',
    sql: `create or replace function refuse_change_of_history() returns trigger language plpgsql as $$
begin
  return null;
end $$`,
    told: {
      'function refuse_change_of_history()': 'line 3 of its body: "return null;"; in the migrations: "raise exception',
    },
  },
  {
    what: 'the security of a function is changed',
    sql: 'alter function refuse_change_of_history() security definer',
    told: { 'function refuse_change_of_history()': 'volatile security definer; the migrations define it as' },
  },
  {
    what: 'the settings of a function are changed',
    sql: 'alter function refuse_change_of_history() set session_replication_role = replica',
    told: {
      'function refuse_change_of_history()': 'set session_replication_role=replica; the migrations define it as',
    },
  },
  {
    what: 'the volatility of a function is changed',
    sql: 'alter function task_is_guarded(uuid) immutable',
    told: { 'function task_is_guarded(uuid)': ' immutable' },
  },
  {
    what: 'a function is dropped',
    sql: 'drop function shorten_leases(integer)',
    told: { 'function shorten_leases(integer)': 'it is missing; the migrations define it as (p_limit integer' },
  },
  {
    what: 'a function with the same name is added',
    sql: `create function shorten_leases(p_limit bigint) returns integer language sql as 'select 0'`,
    told: { 'function shorten_leases(bigint)': 'calls of the function with the same name may reach it' },
  },
  {
    what: 'a CHECK is dropped',
    sql: 'alter table processes drop constraint processes_check1',
    told: { 'constraint processes.processes_check1': 'it is missing; the migrations define it as CHECK' },
  },
  {
    what: 'a CHECK allows more',
    sql: `alter table sessions drop constraint sessions_generation_check,
            add constraint sessions_generation_check check (generation >= -1)`,
    told: {
      'constraint sessions.sessions_generation_check': "it is defined as CHECK ((generation >= '-1'::integer));",
    },
  },
  {
    what: 'a CHECK is NOT VALID',
    sql: `alter table sessions drop constraint sessions_generation_check,
            add constraint sessions_generation_check check (generation >= 0) not valid`,
    told: { 'constraint sessions.sessions_generation_check': 'it is NOT VALID: the rows that were written before it' },
  },
  {
    what: 'a foreign key is NOT VALID',
    sql: `alter table feedback drop constraint feedback_session_id_fkey,
            add constraint feedback_session_id_fkey foreign key (session_id) references sessions not valid`,
    told: { 'constraint feedback.feedback_session_id_fkey': 'it is NOT VALID' },
  },
  {
    what: 'a foreign key deletes rows',
    sql: `alter table feedback drop constraint feedback_session_id_fkey,
            add constraint feedback_session_id_fkey foreign key (session_id) references sessions on delete cascade`,
    told: { 'constraint feedback.feedback_session_id_fkey': 'ON DELETE CASCADE; the migrations define it as' },
  },
  {
    what: 'a foreign key that deletes rows is added',
    sql: 'alter table session_events add constraint gone foreign key (session_id) references sessions on delete cascade',
    told: { 'constraint session_events.gone': 'it deletes or changes rows of its table' },
  },
  {
    what: 'the internal triggers of foreign keys are disabled',
    sql: 'alter table attempts disable trigger all',
    told: {
      'constraint attempts.attempts_task_id_fkey': 'it does not act: its internal triggers are disabled',
      'constraint processes.processes_attempt_id_fkey': 'it does not act: its internal triggers are disabled',
    },
  },
  {
    what: 'a default is changed',
    sql: 'alter table sessions alter column version set default 0',
    told: {
      'column sessions.version': 'integer not null default 0; the migrations define it as integer not null default 1',
    },
  },
  {
    what: 'a default is dropped',
    sql: 'alter table session_events alter column tx drop default',
    told: {
      'column session_events.tx': 'it is defined as xid8 not null; the migrations define it as xid8 not null default',
    },
  },
  {
    what: 'a type is changed',
    sql: 'alter table feedback alter column comment type varchar(10)',
    told: { 'column feedback.comment': 'it is defined as character varying(10); the migrations define it as text' },
  },
  {
    what: 'a column may be null',
    sql: 'alter table session_events alter column type drop not null',
    told: { 'column session_events.type': 'it is defined as text; the migrations define it as text not null' },
  },
  {
    what: 'a column is not null for new rows only',
    sql: `alter table sessions alter column agent drop not null;
          alter table sessions add constraint agent_known not null agent not valid`,
    told: { 'column sessions.agent': 'it is NOT VALID' },
  },
  {
    what: 'a column is not generated any more',
    sql: 'alter table feedback alter column id drop identity',
    told: { 'column feedback.id': 'bigint not null generated always as identity' },
  },
  {
    what: 'a column is dropped',
    sql: 'alter table feedback drop column created_by',
    told: { 'column feedback.created_by': 'it is missing; the migrations define it as text' },
  },
  {
    what: 'a table is dropped',
    sql: 'drop table audit_runs',
    told: { 'table audit_runs': 'it is missing; the migrations define it as a table' },
  },
  {
    what: 'a table loses its rows in a crash',
    sql: 'alter table session_logs set unlogged',
    told: { 'table session_logs': 'it is defined as an unlogged table; the migrations define it as a table' },
  },
  {
    what: 'a view is changed',
    sql: `create or replace view flag_states as
            select f.name, f.enabled, false as killed, f.percent, f.value, f.salt, f.version, f.updated_at, f.updated_by from flags f`,
    told: { 'view flag_states': 'line 1 of it: "SELECT name,"; in the migrations: "SELECT f.name,"' },
  },
  {
    what: 'a rule is added',
    sql: 'create rule quiet as on delete to session_logs do instead nothing',
    told: {
      'rule session_logs.quiet': 'a rule replaces the statements on its table: CREATE RULE quiet AS ON DELETE TO',
    },
  },
  {
    what: 'row-level security is enabled',
    sql: 'alter table sessions enable row level security; create policy few on sessions using (generation > 1)',
    told: { 'row-level security sessions': 'it is enabled' },
  },
  {
    what: 'a child table is attached',
    sql: 'create table older_sessions () inherits (sessions)',
    told: { 'inheritance sessions.older_sessions': 'the table has the child older_sessions' },
  },
  {
    what: 'triggers are switched off by a setting of the database',
    sql: `do $$ begin execute format('alter database %I set session_replication_role = replica', current_database()); end $$`,
    told: { 'setting session_replication_role of the database': 'no trigger and no foreign key acts' },
  },
  {
    what: 'a migration was applied with another text',
    sql: `update phaselock_migrations set checksum = repeat('0', 64) where version = 14`,
    told: {
      'migration 0014': `its text when it was applied was not the released one: sha256 ${'0'.repeat(64)}, released `,
    },
  },
  {
    what: 'a migration is not recorded',
    sql: 'delete from phaselock_migrations where version = 15',
    told: { 'migration 0015': 'it is not recorded as applied, but later migrations are: proof_at_the_purge' },
  },
  {
    what: 'a migration was never released',
    sql: `insert into phaselock_migrations (version, name, checksum, breaking) values (0, 'before', 'x', false)`,
    told: { 'migration 0000': 'it is recorded as applied, but was never released: before' },
  },
];

describe('SV303 alone reports that', () => {
  test.each(PLANTED)('$what', async ({ sql, told, severity = 'error' }) => {
    await using database = await createTestDatabase();
    await change(database.url, [sql]);
    const findings = await findAll(database.url);
    expect(findings.map(({ rule, subject }) => `${rule} ${subject.id}`).toSorted()).toEqual(
      Object.keys(told)
        .map((name) => `SV303 ${name}`)
        .toSorted(),
    );
    for (const found of findings) {
      expect(found.message).toContain(told[found.subject.id]);
      expect(found.severity).toBe(severity);
      expect(found.expected ?? found.actual).not.toBeNull();
    }
    // Each suggested statement removes its finding.
    const unrepaired = findings.filter(({ repair }) => repair === null);
    await change(
      database.url,
      findings.flatMap(({ repair }) => repair ?? []),
    );
    expect(await findAll(database.url)).toEqual(unrepaired);
  });
});

test.each([
  'create table further (id uuid primary key references sessions on delete cascade)',
  'alter table sessions add column note text',
  'create index further on sessions (agent, created_at)',
  "alter table sessions add constraint further check (agent <> '')",
  'alter index sessions_one_live set (fillfactor = 70); alter table sessions set (autovacuum_enabled = false)',
  'reindex index concurrently sessions_one_live',
  'alter function shorten_leases(integer) cost 1000',
  'create function further() returns integer language sql as $$select 1$$',
])('no rule reports anything after: %s', async (sql) => {
  await using database = await createTestDatabase();
  await change(database.url, sql.split('; '));
  expect(await findAll(database.url)).toEqual([]);
});

test('an audit by a role to which a policy hides rows is incomplete, never shorter', async () => {
  await using database = await createTestDatabase();
  const role = `reader_${database.name}`;
  await change(database.url, [
    `create role ${role} login password 'p'; grant select on all tables in schema public to ${role}`,
    'alter table sessions enable row level security; create policy few on sessions using (generation > 1)',
  ]);
  try {
    const reader = new URL(database.url);
    reader.username = role;
    reader.password = 'p';
    const { findings, summary } = await auditOwnDatabase(reader.href);
    expect(findings.map(({ rule, subject }) => [rule, subject.id])).toContainEqual([
      'SV303',
      'row-level security sessions',
    ]);
    expect(summary.incomplete.map(({ why }) => why).join()).toContain('row-level security policy for table "sessions"');
  } finally {
    await change(database.url, [`drop owned by ${role}`, `drop role ${role}`]);
  }
});
