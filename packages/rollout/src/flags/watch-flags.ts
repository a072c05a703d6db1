import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectListener,
  type FlagState,
  readFlagStates,
  readKilledFlags,
  type Sql,
  type Statement,
  within,
} from '@phaselock/store';
import type { Logger } from '@phaselock/telemetry';

/**
 * The flags as this process last read them. While the database cannot be queried they do not change: a kill must not
 * end by itself.
 */
export type FlagWatch = AsyncDisposable & {
  /** The flags of the last read; undefined before the first one. */
  known(): FlagStates | undefined;
  /** Like `known`, but waits for the first read. */
  flags(): Promise<FlagStates>;
  /** Resolves when a read that starts after this call has ended, whether it succeeded or not. */
  refresh(): Promise<void>;
  /** Time since the start of the last successful read; undefined before the first one. */
  ageMs(): number | undefined;
};

type WatchOptions = {
  readonly databaseUrl: string;
  readonly logger: Logger;
  readonly now?: () => number;
  readonly pollMs?: number;
  readonly connect?: (url: string) => Promise<FlagConnection>;
};

/** The part of a driver connection that is used here. */
type FlagConnection = {
  /** For several statements in one text, returns one answer for each. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Answered<Row> | Answered<Row>[]>;
  on(event: 'notification', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  end(): Promise<void>;
};

type Answered<Row> = { readonly rows: Row[] };

export const FLAG_CHANNEL = 'phaselock_flags';
/**
 * Poll interval. It bounds the delay where notifications do not arrive, for example behind a pooler; a kill must take
 * effect everywhere within two seconds.
 */
const POLL_MS = 500;
/** A connection that does not answer within this time is replaced. */
const ANSWER_MS = 600;
/**
 * Statement time-out, below that of the client. Otherwise a read that waits for a lock would keep its connection after
 * the client left, and so would every new one.
 */
const SERVER_MS = 500;
const RECONNECT_MS = 200;
/** How long a request waits for the first read of a process. */
const FIRST_READ_MS = 2_000;

/**
 * Watches the flags over its own connection, so that neither an exhausted pool nor a Redis outage delays it. It listens
 * for changes, and also reads every half second.
 */
export function watchFlags({
  databaseUrl,
  logger,
  now = () => performance.now(),
  pollMs = POLL_MS,
  connect = connectListener,
}: WatchOptions): FlagWatch {
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => undefined);
  const reads = countReads();
  let known: FlagStates | undefined;
  let readAt: number | undefined;

  const take = (next: FlagStates): void => {
    tellChanges(logger, known, next);
    known = next;
  };

  const read = async (sql: Sql): Promise<void> => {
    const since = now();
    // Kills are read first and separately, so that they take effect while the table `flags` is locked.
    const killed = await inTime(readKilledFlags(sql));
    if (known !== undefined) take(withKills(known, killed));
    const states = await inTime(readFlagStates(sql));
    take(new Map(states.map((flag) => [flag.name, flag])));
    readAt = since;
    first.resolve();
  };

  const serveOne = async (): Promise<void> => {
    const connection = await within(connect(databaseUrl), ANSWER_MS, closeLate);
    const lost = new AbortController();
    connection.on('error', () => lost.abort());
    connection.on('end', () => lost.abort());
    connection.on('notification', reads.ask);
    const sql = sqlOn(connection);
    const over = AbortSignal.any([stopping.signal, lost.signal]);
    try {
      await inTime(connection.query(`listen ${FLAG_CHANNEL}`));
      while (!over.aborted) {
        await reads.serve(() => read(sql));
        await reads.asked(pollMs, over);
      }
    } finally {
      closeLate(connection);
    }
  };

  const serve = async (): Promise<void> => {
    let isTold = false;
    while (!stopping.signal.aborted) {
      try {
        await serveOne();
        isTold = false;
      } catch (error) {
        // Logged once per outage.
        if (!isTold && !stopping.signal.aborted)
          logger.warn({ err: error, 'event.action': 'flags-unread' }, 'the flags cannot be read and stay as they were');
        isTold = true;
      }
      reads.giveUp();
      await pause(RECONNECT_MS, stopping.signal);
    }
  };
  const served = serve();

  return {
    known: () => known,
    async flags() {
      if (known === undefined) await within(first.promise, FIRST_READ_MS, () => {});
      return known ?? new Map();
    },
    refresh: reads.next,
    ageMs: () => (readAt === undefined ? undefined : now() - readAt),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      first.reject(new Error('the flags are not watched any more'));
      await served;
      reads.giveUp();
    },
  };
}

type FlagStates = ReadonlyMap<string, FlagState>;

const withKills = (flags: FlagStates, killed: ReadonlySet<string>): FlagStates =>
  new Map(
    [...flags].map(([name, flag]) => [name, killed.has(name) ? { ...flag, enabled: false, killed: true } : flag]),
  );

function tellChanges(logger: Logger, before: FlagStates | undefined, now: FlagStates): void {
  if (before === undefined) return;
  for (const flag of now.values()) {
    const was = before.get(flag.name);
    if (was?.version === flag.version && was.enabled === flag.enabled) continue;
    logger.info(
      {
        'event.action': flag.killed ? 'flag-killed' : 'flag-changed',
        'phaselock.flag.name': flag.name,
        'phaselock.flag.enabled': flag.enabled,
        'phaselock.flag.percent': flag.percent,
        'phaselock.flag.value': flag.value === null ? null : JSON.stringify(flag.value),
        'phaselock.flag.version': flag.version,
        'user.name': flag.updatedBy,
      },
      'a changed flag is in effect',
    );
  }
}

/** Counts the requested reads, and resolves those who wait for a read that starts after their request. */
function countReads() {
  let asked = 0;
  let wake = (): void => {};
  let waiting: { readonly after: number; readonly done: () => void }[] = [];
  const settle = (upTo: number): void => {
    for (const { after, done } of waiting) if (after <= upTo) done();
    waiting = waiting.filter(({ after }) => after > upTo);
  };
  const ask = (): void => {
    asked += 1;
    wake();
  };
  let servedUpTo = 0;
  return {
    ask,
    next(): Promise<void> {
      ask();
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ after: asked, done: resolve });
      return promise;
    },
    async serve(read: () => Promise<void>): Promise<void> {
      const upTo = asked;
      await read();
      servedUpTo = upTo;
      settle(upTo);
    },
    /** Waits for a request, but at most this long. */
    async asked(ms: number, signal: AbortSignal): Promise<void> {
      if (asked > servedUpTo) return;
      const woken = new AbortController();
      wake = () => woken.abort();
      await pause(ms, AbortSignal.any([signal, woken.signal]));
      wake = () => {};
    },
    giveUp: () => settle(asked),
  };
}

/**
 * The time-out applies to the one transaction that both statements form, so that it does not stay on a connection of a
 * pooler.
 */
const sqlOn = (connection: FlagConnection): Sql => ({
  query: async <Row extends object>({ text }: Statement) => {
    const answers = await connection.query<Row>(`set local statement_timeout = ${SERVER_MS}; ${text}`);
    return [answers].flat().at(-1)?.rows ?? [];
  },
});

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);

const inTime = <T>(answer: Promise<T>): Promise<T> => within(answer, ANSWER_MS, () => {});

const closeLate = (connection: FlagConnection): void => void inTime(connection.end()).catch(() => undefined);
