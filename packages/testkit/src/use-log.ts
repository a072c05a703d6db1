import { Client } from 'pg';

const USE_LOG = 'select pg_logical_emit_message(true, $$x$$, $$y$$), pg_switch_wal()';

export type LogUser = AsyncDisposable & {
  /** Writes to the log of the server and begins another file of it. Rejects when the server cannot. */
  useLog(): Promise<void>;
};

/**
 * Uses the log of a server whose disk gets full. It connects beforehand: on a full disk a new connection may fail, as the server writes a file for
 * it. Where that connection has ended, a new one is tried.
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
