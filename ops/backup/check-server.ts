import { open } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';

type Server = { readonly cluster: string; readonly archives: string; readonly standby: boolean };

/** Throws, before anything is copied, if a backup of this server could not be restored. */
export async function checkServer(session: Client, cluster: string): Promise<void> {
  const [server] = (
    await session.query<Server>(
      `select system_identifier::text as cluster, current_setting('archive_mode') as archives,
              pg_is_in_recovery() as standby from pg_control_system()`,
    )
  ).rows;
  if (server === undefined) throw new Error('PostgreSQL did not return its system identifier.');
  if (server.standby) throw new Error('this server is a standby. Take the backup on the primary.');
  if (server.archives === 'off')
    throw new Error(
      'archive_mode is off, so the WAL of this backup would be lost and it could not be restored. See ops/backup/postgresql.conf.',
    );
  const onDisk = await clusterOf(cluster);
  if (onDisk !== server.cluster)
    throw new Error(`${cluster} is the cluster ${onDisk}, and the server of the address has ${server.cluster}.`);
}

/** The system identifier: the first eight bytes of pg_control, in the byte order of the machine. */
async function clusterOf(cluster: string): Promise<string> {
  const control = await open(join(cluster, 'global/pg_control'), 'r');
  try {
    const first = Buffer.alloc(8);
    await control.read(first, 0, first.length, 0);
    return String(endianness() === 'LE' ? first.readBigUInt64LE() : first.readBigUInt64BE());
  } finally {
    await control.close();
  }
}
