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

/** The flags as this process knows them. While the database cannot be asked they stay as they were: a kill must not end by itself. */
export type FlagWatch = AsyncDisposable & {
  /** Of the last read; undefined before the first one. */
  known(): FlagStates | undefined;
  /** The same, waited for until the first read has come. */
  flags(): Promise<FlagStates>;
  /** A read that begins from now on has ended. Whether it succeeded is not said. */
  refresh(): Promise<void>;
  /** Since the last read that succeeded began; undefined before it. */
  ageMs(): number | undefined;
};

type WatchOptions = {
  readonly databaseUrl: string;
  readonly logger: Logger;
  readonly now?: () => number;
  readonly pollMs?: number;
  readonly connect?: (url: string) => Promise<FlagConnection>;
};

/** What is needed of a connection of the driver. */
type FlagConnection = {
  /** Of several statements in one text, an answer for each. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Answered<Row> | Answered<Row>[]>;
  on(event: 'notification', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  end(): Promise<void>;
};

type Answered<Row> = { readonly rows: Row[] };

export const FLAG_CHANNEL = 'phaselock_flags';
/** The floor where no notification arrives, behind a pooler for example: well within the two seconds in which a kill holds everywhere. */
const POLL_MS = 500;
/** A connection that does not answer for so long is given up for a new one. */
const ANSWER_MS = 600;
/** The server gives a read up first: one that waited for a lock on after its client had left would keep its connection, and each new one as well. */
const SERVER_MS = 500;
const RECONNECT_MS = 200;
/** How long a request waits for the flags of a process that has just begun. */
const FIRST_READ_MS = 2_000;

/**
 * On a connection of its own: neither a full pool nor a Redis that is away delays it. It listens for changes, and reads every half second whatever
 * it hears.
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
    // The kills first, and apart: while the table of the flags is locked they hold all the same.
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
        // Once for each time the database is away.
        if (!isTold && !stopping.signal.aborted)
          logger.warn(
            { err: error, 'event.action': 'flags-unread' },
            'the flags cannot be read: they stay as they were',
          );
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
      'a flag holds from now on as it was set',
    );
  }
}

/** Reads that are asked for, and those who wait for one that began after they asked. */
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
    /** Until somebody asks, or so long. */
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

/** The bound holds for the one transaction that both statements are, so that it stays with no connection of a pooler. */
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
