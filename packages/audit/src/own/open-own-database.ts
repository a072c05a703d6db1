import type pg from 'pg';
import type { Row } from '../check.ts';
import { whyNotComparable, whyNotSince } from '../evidence/seal-fits.ts';
import type { Seal } from '../evidence/seal-text.ts';
import type { Finding, Repair } from '../finding.ts';
import type { SourceTraits } from '../judge-turn.ts';
import {
  type Counts,
  type FoundAttempt,
  NotFound,
  OtherSchema,
  type Source,
  SourceFailure,
  type WhatWasRead,
} from '../source.ts';
import { EVERY_TURN } from '../turn-history.ts';
import { ownArchiveRecords } from './archives/own-archive-records.ts';
import { askEachRow } from './ask-each-row.ts';
import { askLater } from './ask-later.ts';
import { changesOf } from './changes.ts';
import { connect } from './connect.ts';
import { databaseFailure } from './database-failure.ts';
import { openEvidence, readState } from './evidence.ts';
import { ownHistory } from './history.ts';
import { openQuestions } from './open-questions.ts';
import { type CataloguedNames, readModelPolicy } from './read-model-policy.ts';
import { openRepairs } from './repairs/open-repairs.ts';
import { refuseOtherVersion } from './schema/refuse-other-version.ts';
import { type Scope, type ScopeSql, scopeSql } from './scope.ts';
import { rowsOf, type SharedConnections, shareConnections } from './shared-connections.ts';

export type OwnDatabase = {
  readonly url: string;
  readonly statementTimeoutMs: number;
  /** The scope of the audit. An attempt or a task is looked up first. */
  readonly wanted: Wanted;
  /** If aborted, the current statements are cancelled at the server and every later call fails. */
  readonly ended?: AbortSignal;
  /** Whether to compute every hash of the event chains anew. An audit of a task or an attempt always does. */
  readonly chain?: boolean;
};

/** The scope of an audit as the user requests it. */
export type Wanted =
  | { readonly kind: 'all' }
  | { readonly kind: 'since'; readonly since: Date }
  /** The tasks with an event that the seal does not contain. */
  | { readonly kind: 'since-seal'; readonly seal: Seal }
  | { readonly kind: 'sample'; readonly share: number }
  | { readonly kind: 'task'; readonly given: string }
  | { readonly kind: 'attempt'; readonly given: string };

/** Checks that run in parallel. The audit of one task or attempt is too small for a second connection. */
const LANES = 2;

/** Opens a phaselock database in one read-only snapshot. */
export async function openOwnDatabase({
  url,
  statementTimeoutMs,
  wanted,
  chain = false,
  ended,
}: OwnDatabase): Promise<Source> {
  await using opened = new AsyncDisposableStack();
  try {
    const first = opened.use(await connect(url, ended));
    const { shared, ...snapshot } = await openSnapshot(first.client, statementTimeoutMs, wanted);
    const { scope } = snapshot;
    const lanes = [first];
    while (scope.kind !== 'task' && scope.kind !== 'attempt' && lanes.length < LANES) {
      const next = opened.use(await connect(url, ended));
      await joinSnapshot(next.client, statementTimeoutMs, shared);
      lanes.push(next);
    }
    // A connection of its own: while a finding is reported, the others wait for its reader.
    const repairs = opened.use(
      askLater(async () => {
        const joined = await connect(url, ended);
        await joinSnapshot(joined.client, statementTimeoutMs, shared);
        return joined;
      }),
    );
    const owned = opened.move();
    const rehashes = chain || wanted.kind === 'since-seal' || scope.kind === 'task' || scope.kind === 'attempt';
    return sourceOn(shareConnections(lanes), {
      snapshot,
      rehashes,
      askNow: (sql, values) => askInNewSnapshot({ url, statementTimeoutMs }, sql, values),
      repairOf: openRepairs(repairs.ask),
      close: () => owned.disposeAsync(),
    });
  } catch (error) {
    throw error instanceof NotFound || error instanceof OtherSchema || error instanceof SourceFailure
      ? error
      : databaseFailure(error);
  }
}

type Snapshot = {
  readonly description: string;
  readonly names: CataloguedNames;
  readonly scope: Scope;
  /** A standby, which lags behind its primary. */
  readonly standby: boolean;
};
/** A snapshot with the name under which other connections join it. */
type SharedSnapshot = Snapshot & { readonly shared: string };

async function openSnapshot(client: pg.Client, statementTimeoutMs: number, wanted: Wanted): Promise<SharedSnapshot> {
  await beginReading(client, statementTimeoutMs);
  const [where] = await rowsOf(
    client,
    `select current_user || '@' || coalesce(host(inet_server_addr()), 'local') || '/' || current_database() as place,
            pg_current_snapshot()::text as snapshot, pg_export_snapshot() as shared, to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at,
            pg_is_in_recovery()::text as standby,
            (to_regclass('phaselock_migrations') is not null
              or to_regclass('processes') is not null and to_regclass('session_events') is not null)::text as ours`,
  );
  if (where?.ours !== 'true')
    throw new SourceFailure('this database has no phaselock schema; run the migrations, or name another database');
  await refuseOtherVersion((sql) => rowsOf(client, sql));
  return {
    description: `${where.place} (read-only) · snapshot ${where.snapshot} · ${where.at}`,
    names: await readModelPolicy((sql) => rowsOf(client, sql)),
    scope: await findScope(client, wanted),
    standby: where.standby === 'true',
    shared: where.shared ?? '',
  };
}

/** Makes a connection read the same snapshot, whatever was written since. */
async function joinSnapshot(client: pg.Client, statementTimeoutMs: number, shared: string): Promise<void> {
  await beginReading(client, statementTimeoutMs, `set transaction snapshot '${shared}'`);
}

/** Asks a question about what happened since the snapshot of the audit. */
async function askInNewSnapshot(
  { url, statementTimeoutMs }: Pick<OwnDatabase, 'url' | 'statementTimeoutMs'>,
  sql: string,
  values: unknown[],
): Promise<readonly Row[]> {
  try {
    await using connection = await connect(url);
    await beginReading(connection.client, statementTimeoutMs);
    return await rowsOf(connection.client, sql, values);
  } catch (error) {
    throw databaseFailure(error);
  }
}

async function beginReading(client: pg.Client, statementTimeoutMs: number, first = ''): Promise<void> {
  await client.query(`begin isolation level repeatable read read only; ${first}`);
  // Before any other function is called: its name could mean a function of the audited database.
  const [path] = await rowsOf(client, 'select (pg_catalog.current_schemas(true))[1] as first_schema');
  if (path?.first_schema !== 'pg_catalog')
    throw new SourceFailure(
      'the search_path of this role or database names other schemas before pg_catalog: their functions would replace the built-in ones that the audit computes with',
    );
  await client.query(`
    -- The server ends a statement whose client is gone, which a server on Windows cannot notice.
    select set_config('client_connection_check_interval', '1s', true) where version() !~* 'windows|mingw|visual c';
    set local statement_timeout = ${Math.round(statementTimeoutMs)};
    -- No object of another schema takes the place of ours, and definitions are printed relative to our schema.
    select set_config('search_path', quote_ident(n.nspname::text) || ', pg_temp', true)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.oid = coalesce(to_regclass('phaselock_migrations'), to_regclass('processes'));
    set local quote_all_identifiers = off;
    -- A policy that hides rows from this role fails the statement, instead of being taken for a history without them.
    set local row_security = off;
    -- The checks aggregate many small groups; groups that do not fit are written to disk and read again.
    set local work_mem = '128MB';
    -- Two connections already use two cores; parallel workers would take more cores from the service.
    set local max_parallel_workers_per_gather = 0`);
}

async function findScope(client: pg.Client, wanted: Wanted): Promise<Scope> {
  switch (wanted.kind) {
    case 'task': {
      const [task] = await rowsOf(client, 'select id from tasks where id::text = lower($1)', [wanted.given]);
      if (task?.id == null) throw new NotFound(`there is no task ${wanted.given}`);
      return { kind: 'task', taskId: task.id };
    }
    case 'attempt':
      return { kind: 'attempt', ...(await findAttempt(client, wanted.given)) };
    case 'since-seal':
      return { kind: 'tasks', ids: await tasksSince(client, wanted.seal) };
    default:
      return wanted;
  }
}

/** By the primary key of the events, so that the cost grows with the events since the seal and not with the history. */
async function tasksSince(client: pg.Client, seal: Seal): Promise<readonly string[]> {
  const state = await readState((sql) => rowsOf(client, sql));
  const why = whyNotComparable(seal, state) ?? whyNotSince(seal, state);
  if (why !== undefined) throw new SourceFailure(why);
  const rows = await rowsOf(
    client,
    'select distinct task_id as id from session_events where tx >= pg_snapshot_xmin($1::pg_snapshot)',
    [seal.snapshot],
  );
  return rows.flatMap(({ id }) => id ?? []);
}

/** Finds an attempt by its id, with or without dashes, or by a unique prefix of it. */
async function findAttempt(client: pg.Client, given: string): Promise<FoundAttempt> {
  const hex = given.toLowerCase().replaceAll('-', '');
  if (!/^[\da-f]{4,32}$/.test(hex))
    throw new NotFound(`${given} is not an attempt id: give its 32 hexadecimal digits, or at least the first 4`);
  // A range of ids, so that the primary key is used.
  const found = await rowsOf(
    client,
    'select id, task_id from attempts where id between $1::uuid and $2::uuid order by id limit 2',
    [hex.padEnd(32, '0'), hex.padEnd(32, 'f')],
  );
  const [one, another] = found;
  if (one?.id == null || one.task_id == null) throw new NotFound(`there is no attempt ${given}`);
  if (another !== undefined) throw new NotFound(`several attempts begin with ${given}: ${one.id}, ${another.id}, …`);
  return { attemptId: one.id, taskId: one.task_id };
}

type Opened = {
  readonly snapshot: Snapshot;
  readonly rehashes: boolean;
  readonly askNow: (sql: string, values: unknown[]) => Promise<readonly Row[]>;
  readonly repairOf: (found: Finding) => Promise<Repair>;
  readonly close: () => Promise<void>;
};

function sourceOn(connections: SharedConnections, { snapshot, rehashes, askNow, repairOf, close }: Opened): Source {
  const { description, names, scope, standby } = snapshot;
  const traits: SourceTraits = { freshStaysInThread: false, ...names };
  const within = scopeSql(scope);
  const { checks, rows } = openQuestions(connections, scope, traits, rehashes);
  return {
    description,
    attemptId: scope.kind === 'attempt' ? scope.attemptId : undefined,
    notes: [],
    traits,
    checks,
    notApplicable: new Map([
      ['SV403', 'an unreported id is passed only after a retry with it, which SV103 and SV107 report'],
      ['SV304', 'the database stores times as timestamps'],
      ['SV504', 'archive objects are read only with --deep'],
      ['SV507', 'the archive store is examined only with --deep'],
      ['SV508', 'archive objects are read only with --deep'],
      ['SV510', whyNotListed(scope, standby)],
      ['SV405', 'usage is recorded in the transaction that reports it'],
      ['SV407', 'a retry may name the id of a dropped process; SV103 checks the id that is passed'],
      ['SV408', 'usage is stored on its session and its process'],
      ['SV409', 'a process names its session when it starts'],
      ['SV602', 'rows are compared with the values in their events only with --chain'],
      ['SV603', 'a seal is compared only with --against'],
      ['SV604', 'a seal is compared only with --against'],
      ['SV605', 'log lines are compared with their digests only with --chain'],
    ]),
    lanes: connections.size,
    rows,
    changes: () => askEachRow(connections, { sql: changesOf(within) }, within),
    timeline: (attemptId) =>
      connections.ask(
        `${ownHistory(within)}
         select turns.*, s.phase || case s.mode when 'standard' then '' else ' ' || s.mode end as slot
         from (${EVERY_TURN}) turns left join sessions s on s.id = turns.session_id where turns.attempt_id = $2::uuid order by turns.nth`,
        [...within.values, attemptId],
      ),
    count: () => countOwn(connections, within),
    countRead: () => countRead(connections, within),
    archive: ownArchiveRecords({
      ask: (sql, values) => connections.ask(sql, values),
      askNow,
      within,
      whole: scope.kind === 'all' && !standby,
    }),
    evidence: openEvidence(connections, within, rehashes),
    repairOf,
    [Symbol.asyncDispose]: close,
  };
}

/** Counts in a savepoint, so that a failure does not end the transaction in which the checks read. */
async function countRead(connections: SharedConnections, within: ScopeSql): Promise<WhatWasRead> {
  const { inScope, sessions, processes } = within;
  const sql = `
    select (select count(*) from sessions s where ${sessions}) as sessions,
           (select count(*) from processes p where ${processes}) as processes,
           (select count(*) from session_events e where ${inScope('e')}) as events,
           (select count(*) from archives r where ${inScope('r')}) as archives`;
  for await (const row of askEachRow(connections, { sql }, within)) {
    const number = (name: string): number => Number(row[name]);
    return {
      sessions: number('sessions'),
      processes: number('processes'),
      events: number('events'),
      archives: number('archives'),
    };
  }
  throw new SourceFailure('the database counted nothing');
}

function whyNotListed({ kind }: Scope, standby: boolean): string {
  if (standby) return 'a standby may lack the records of the latest objects: audit the primary';
  return kind === 'all'
    ? 'the archive store is listed only with --deep'
    : 'the archive store is listed only with --all';
}

async function countOwn(connections: SharedConnections, { inScope, processes, values }: ScopeSql): Promise<Counts> {
  const [row] = await connections.ask(
    `select (select count(*) from sessions s where ${inScope('s')}) as sessions,
            (select count(*) from sessions s where ${inScope('s')} and exists (select 1 from processes p where p.session_id = s.id)) as used,
            (select count(*) from (select id as task_id from tasks) t where ${inScope('t')}) as tasks,
            (select count(*) from (select id as task_id from tasks) t where ${inScope('t')} and exists (select 1 from sessions s where s.task_id = t.task_id)) as valid,
            (select count(*) from processes p where ${processes}) as processes`,
    [...values],
  );
  const number = (name: string): number => Number(row?.[name] ?? 0);
  return {
    sessions: number('sessions'),
    sessionsWithTasks: number('used'),
    orphaned: number('sessions') - number('used'),
    tasks: number('tasks'),
    validTasks: number('valid'),
    interactions: number('processes'),
  };
}
