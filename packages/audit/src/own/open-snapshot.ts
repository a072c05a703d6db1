import type pg from 'pg';
import type { Row } from '../check.ts';
import type { Cluster } from '../evidence/cluster.ts';
import { whyNotComparable, whyNotSince } from '../evidence/seal-fits.ts';
import type { Seal } from '../evidence/seal-text.ts';
import { type FoundAttempt, NotFound, SourceFailure } from '../source.ts';
import { connect } from './connect.ts';
import { databaseFailure } from './database-failure.ts';
import { readState } from './evidence.ts';
import { readCluster } from './read-cluster.ts';
import { type CataloguedNames, readModelPolicy } from './read-model-policy.ts';
import { refuseOtherVersion } from './schema/refuse-other-version.ts';
import type { Scope } from './scope.ts';
import { rowsOf } from './shared-connections.ts';

/** The scope of an audit as the user requests it. */
export type Wanted =
  | { readonly kind: 'all' }
  | { readonly kind: 'since'; readonly since: Date }
  /** The tasks with an event that the seal does not contain. */
  | { readonly kind: 'since-seal'; readonly seal: Seal }
  | { readonly kind: 'sample'; readonly share: number }
  | { readonly kind: 'task'; readonly given: string }
  | { readonly kind: 'attempt'; readonly given: string };

export type Snapshot = {
  readonly description: string;
  readonly names: CataloguedNames;
  readonly scope: Scope;
  /** A standby, which lags behind its primary. */
  readonly standby: boolean;
  /** The PostgreSQL cluster; undefined if it cannot be read. */
  readonly cluster: Cluster | undefined;
  /** Remarks for the reader of the report. */
  readonly notes: readonly string[];
};
/** A snapshot with the name under which other connections join it. */
type SharedSnapshot = Snapshot & { readonly shared: string };

const RESTORE_UNNOTICED =
  'The seal does not name its PostgreSQL cluster, so a restore of the database since then may not be noticed.';

export async function openSnapshot(
  client: pg.Client,
  statementTimeoutMs: number,
  wanted: Wanted,
): Promise<SharedSnapshot> {
  const cluster = await readCluster(client);
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
    scope: await findScope(client, wanted, cluster),
    standby: where.standby === 'true',
    cluster,
    notes: wanted.kind === 'since-seal' && wanted.seal.cluster === undefined ? [RESTORE_UNNOTICED] : [],
    shared: where.shared ?? '',
  };
}

/** Makes a connection read the same snapshot, whatever was written since. */
export async function joinSnapshot(client: pg.Client, statementTimeoutMs: number, shared: string): Promise<void> {
  await beginReading(client, statementTimeoutMs, `set transaction snapshot '${shared}'`);
}

/** Asks a question about what happened since the snapshot of the audit. */
export async function askInNewSnapshot(
  { url, statementTimeoutMs }: { readonly url: string; readonly statementTimeoutMs: number },
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

async function findScope(client: pg.Client, wanted: Wanted, cluster: Cluster | undefined): Promise<Scope> {
  switch (wanted.kind) {
    case 'task': {
      const [task] = await rowsOf(client, 'select id from tasks where id::text = lower($1)', [wanted.given]);
      if (task?.id == null) throw new NotFound(`there is no task ${wanted.given}`);
      return { kind: 'task', taskId: task.id };
    }
    case 'attempt':
      return { kind: 'attempt', ...(await findAttempt(client, wanted.given)) };
    case 'since-seal':
      return { kind: 'tasks', ids: await tasksSince(client, wanted.seal, cluster) };
    default:
      return wanted;
  }
}

/** By the primary key of the events, so that the cost grows with the events since the seal and not with the history. */
async function tasksSince(client: pg.Client, seal: Seal, cluster: Cluster | undefined): Promise<readonly string[]> {
  const state = await readState((sql) => rowsOf(client, sql), cluster);
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
