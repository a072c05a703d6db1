import { Client } from 'pg';

/** Removes the chains from all events, as if an earlier release had written them. */
export async function unchainEvents(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    // Triggers do not run in this role, so the events can be changed.
    await client.query('set session_replication_role = replica');
    await client.query('update session_events set place = null, hash = null');
    await client.query('update event_chain_progress set task_id = null, finished_at = null');
  } finally {
    await client.end();
  }
}
