import pg from 'pg';

/** Runs statements as a superuser who switches off all triggers and foreign keys. */
export async function rewriteHistory(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(['begin', 'set local session_replication_role = replica', ...statements, 'commit'].join(';\n'));
  } finally {
    await client.end();
  }
}

/** Computes the chain of a session anew, so that it fits the changed events. */
export const rechain = (sessionId: string): string =>
  `update session_events set place = null, hash = null where session_id = '${sessionId}';
   select chain_session(task_id, session_id) from session_events where session_id = '${sessionId}' limit 1`;

/** Computes all chains anew, as a superuser can who rewrites a history. */
export const RECHAIN_ALL = `
  update session_events set place = null, hash = null;
  select chain_session(task_id, session_id) from (select distinct task_id, session_id from session_events) chained`;

/** Removes a session with everything that belongs to it. */
export const eraseSession = (sessionId: string): readonly string[] => [
  `delete from session_logs where session_id = '${sessionId}'`,
  `delete from earlier_conversations where session_id = '${sessionId}'`,
  `delete from processes where session_id = '${sessionId}'`,
  `delete from sessions where id = '${sessionId}'`,
  `delete from session_events where session_id = '${sessionId}'`,
];

/** Removes one log line, and computes the digests of the log anew: on the process, and in its events. */
export const removeLogLine = (processId: string): readonly string[] => [
  `delete from session_logs where id = (select min(id) from session_logs where process_id = '${processId}')`,
  `update processes set (log_lines, log_digest) = (
     select count(*), log_digest_after(null, array_agg(kind order by id), array_agg(line order by id)) from session_logs
     where process_id = '${processId}') where id = '${processId}'`,
  `update session_events e
   set detail = jsonb_set(e.detail, '{logs}', jsonb_build_object('lines', p.log_lines, 'digest', encode(p.log_digest, 'hex'))) from processes p
   where p.id = '${processId}' and e.detail ->> 'process_id' = p.id::text and e.detail ? 'logs'`,
];
