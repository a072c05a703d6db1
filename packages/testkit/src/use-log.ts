import { Client } from 'pg';

const USE_LOG = 'select pg_logical_emit_message(true, $$x$$, $$y$$), pg_switch_wal()';

export type LogUser = AsyncDisposable & {
  /** Writes to the server's write-ahead log and switches to a new segment. Rejects when the server cannot. */
  useLog(): Promise<void>;
};

/**
 * Writes to the write-ahead log of a server whose disk gets full. Connects in advance, because the server writes a file
 * for a new connection and may fail to on a full disk. If that connection has ended, `useLog` opens a new one.
 */
export async function openLogUser(adminUrl: string): Promise<LogUser> {
  let client: Client | undefined = await connected(adminUrl);
  return {
    useLog: async () => {
      const current = client ?? (await connected(adminUrl));
      client = undefined;
      try {
        await current.query(USE_LOG);
        client = current;
      } finally {
        if (client === undefined) await current.end().catch(() => undefined);
      }
    },
    [Symbol.asyncDispose]: async () => void (await client?.end().catch(() => undefined)),
  };
}

async function connected(adminUrl: string): Promise<Client> {
  const client = new Client({ connectionString: adminUrl });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
