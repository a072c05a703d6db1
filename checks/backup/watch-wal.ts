import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { lsnOf } from './archived-wal.ts';

/** The first `answers` answers lie before `lsn` in the WAL. */
type Mark = { readonly answers: number; readonly lsn: bigint };

export type WalWatch = {
  /** How many answers, from the first one, certainly lie before this position in the WAL. */
  answersBefore(end: bigint): number;
  now(): Promise<bigint>;
  stop(): Promise<void>;
};

const EVERY_MS = 50;

/** Records at short intervals how many answers were given, and then how far the WAL on the disk reaches. */
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
