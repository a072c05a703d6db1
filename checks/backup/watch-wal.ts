import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { lsnOf } from './archived-wal.ts';

/** So many answers had been given when the WAL was on the disk up to `lsn` at the least. */
type Mark = { readonly answers: number; readonly lsn: bigint };

export type WalWatch = {
  /** How many of the answers, from the first one, lie before this place in the WAL for certain. */
  answersBefore(end: bigint): number;
  now(): Promise<bigint>;
  stop(): Promise<void>;
};

const EVERY_MS = 50;

/** Looks, again and again, how many answers were given and how far the WAL on the disk reaches after that. */
export async function watchWal(url: string, answers: () => number): Promise<WalWatch> {
  const marks: Mark[] = [];
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  const now = async (): Promise<bigint> => {
    const [row] = (await client.query<{ lsn: string }>('select pg_current_wal_flush_lsn()::text as lsn')).rows;
    return lsnOf(row?.lsn ?? '0/0');
  };
  const ended = new AbortController();
  const looking = (async () => {
    while (!ended.signal.aborted) {
      const before = answers();
      marks.push({ answers: before, lsn: await now() });
      await pause(EVERY_MS);
    }
  })().catch(() => undefined);
  return {
    answersBefore: (end) =>
      marks.filter(({ lsn }) => lsn <= end).reduce((most, mark) => Math.max(most, mark.answers), 0),
    now,
    stop: async () => {
      ended.abort();
      await looking;
      await client.end();
    },
  };
}
