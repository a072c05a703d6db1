import { isStorageFull } from './storage-full.ts';
import { OutOfTime } from './time-left.ts';
import { LeftOut } from './together/left-out.ts';
import { UnstorableText } from './unstorable-text.ts';

/** What a database failure means to the caller. Only this file maps SQLSTATEs. */
export type Failure =
  /**
   * Another transaction holds a lock, a deadlock was broken, or the statement timed out: nothing was written, a retry
   * may succeed.
   */
  | 'contended'
  /** The slot or session has changed since the caller read it: decide again. */
  | 'moved'
  /** The connection broke during the statement, which may or may not have been committed. */
  | 'connection-lost'
  /** No connection was available in time, or the write came too late: nothing was written. */
  | 'unavailable'
  /** The disk of the server is full, or a disk quota is used up. */
  | 'storage-full'
  /** A concurrent call is writing the same idempotency key, or has written it since it was looked up. */
  | 'idempotency-race'
  | 'missing-task'
  | 'missing-attempt'
  | 'missing-project'
  | 'missing-flag'
  | 'agent-session-taken'
  | 'already-exists'
  /** A value PostgreSQL cannot store: NUL, a lone surrogate, a number out of range, an empty name. */
  | 'bad-value'
  | 'unexpected';

const BY_SQLSTATE: Readonly<Record<string, Failure>> = {
  '55P03': 'contended', // lock_not_available: lock_timeout or NOWAIT
  '40P01': 'contended', // deadlock_detected
  '40001': 'contended', // serialization_failure
  '57014': 'contended', // query_canceled: statement_timeout
  '0A000': 'connection-lost', // stale plan: a migration ran after the statement was prepared
  '25P03': 'connection-lost', // idle_in_transaction_session_timeout
  '25P04': 'connection-lost', // transaction_timeout
  '57P01': 'connection-lost', // admin_shutdown
  '57P02': 'connection-lost', // crash_shutdown
  '57P04': 'connection-lost', // database_dropped
  '57P05': 'connection-lost', // idle_session_timeout
  '57P03': 'unavailable', // cannot_connect_now
  '3D000': 'unavailable', // invalid_catalog_name: the database does not exist, for example during a restore
  '28000': 'unavailable', // invalid_authorization_specification
  '28P01': 'unavailable', // invalid_password: this process has an old password
  '25006': 'unavailable', // read_only_sql_transaction: this server became a standby
  '53000': 'unavailable', // insufficient_resources
  '53200': 'unavailable', // out_of_memory
  '53300': 'unavailable', // too_many_connections
  '53400': 'unavailable', // configuration_limit_exceeded
  PL001: 'moved',
  PL002: 'moved',
  PL005: 'moved',
  PL003: 'missing-attempt',
  PL004: 'agent-session-taken',
  PL007: 'missing-flag',
  PL006: 'unavailable', // in_time: the caller no longer waits, so nothing was written
  '22021': 'bad-value', // NUL in text
  '22P05': 'bad-value', // \u0000 in jsonb
  '22P02': 'bad-value', // not a uuid, not JSON
  '22003': 'bad-value', // out of range
};

const BY_CONSTRAINT: Readonly<Record<string, Failure>> = {
  sessions_one_live: 'moved',
  sessions_agent_session: 'agent-session-taken',
  idempotency_keys_pkey: 'idempotency-race',
  projects_name_check: 'bad-value',
  tasks_title_check: 'bad-value',
  models_name_check: 'bad-value',
  profiles_variant_check: 'bad-value',
  sessions_milestone_id_check: 'bad-value',
  models_live_name: 'already-exists',
  models_one_default: 'already-exists',
  profiles_live_variant: 'already-exists',
  slots_task_id_fkey: 'missing-task',
  sessions_task_id_fkey: 'missing-task',
  attempts_task_id_fkey: 'missing-task',
  tasks_project_id_fkey: 'missing-project',
  api_keys_project_id_fkey: 'missing-project',
};

const NODE_CODES_UNAVAILABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);
const NODE_CODES_LOST = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

// node-postgres sets no code on these errors, so their messages are matched.
const MESSAGE_LOST =
  /Connection terminated|Query read timeout|Client has encountered a connection error|Connection ended unexpectedly|Client was closed/;
const MESSAGE_UNAVAILABLE =
  /timeout exceeded when trying to connect|Cannot use a pool after calling end|timeout expired/;

const field = (error: object, name: string): string | undefined => {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
};

export function classifyFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return 'unexpected';
  if (error instanceof UnstorableText) return 'bad-value';
  if (error instanceof OutOfTime) return 'unavailable';
  if (error instanceof LeftOut) return 'contended';
  if (error instanceof AggregateError && error.errors.length > 0) return classifyFailure(error.errors[0]);
  const constraint = field(error, 'constraint');
  const code = field(error, 'code');
  const byConstraint = constraint === undefined ? undefined : BY_CONSTRAINT[constraint];
  if (byConstraint !== undefined) return byConstraint;
  if (isStorageFull(error)) return 'storage-full';
  if (code !== undefined) {
    const known = BY_SQLSTATE[code];
    if (known !== undefined) return known;
    if (NODE_CODES_UNAVAILABLE.has(code)) return 'unavailable';
    if (NODE_CODES_LOST.has(code) || code.startsWith('08')) return 'connection-lost';
  }
  // A FATAL error ends the connection, a PANIC ends all connections.
  if (['FATAL', 'PANIC'].includes(field(error, 'severity') ?? '')) return 'connection-lost';
  if (MESSAGE_LOST.test(error.message)) return 'connection-lost';
  if (MESSAGE_UNAVAILABLE.test(error.message)) return 'unavailable';
  return 'unexpected';
}
