import type { CacheLog } from './cache-observer.ts';
import { backoffMs, type Sleep } from './retry-with-backoff.ts';
import { withinTime } from './within-time.ts';

/**
 * The part of a connection that is used. It must reach the primary, and not through a pooler in transaction mode,
 * because LISTEN does not work there.
 */
export type PostgresConnection = {
  query(text: string, values?: unknown[]): Promise<unknown>;
  on(event: 'notification', listener: (message: { channel: string; payload?: string | undefined }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  end(): Promise<void>;
};

export type PostgresLinkOptions = {
  /** Opens a new connection. */
  readonly connect: () => Promise<PostgresConnection>;
  readonly channel: string;
  readonly onPayload: (payload: string) => void;
  readonly onLost: () => void;
  readonly log: CacheLog;
  readonly sleep: Sleep;
  readonly random: () => number;
  readonly connectTimeoutMs: number;
};

export type PostgresLink = AsyncDisposable & {
  /** Rejects while there is no connection. */
  query(text: string, values: unknown[]): Promise<unknown>;
  /** Replaces the connection with a new one. */
  renew(): void;
};

const RECONNECT_BASE_MS = 50;
const RECONNECT_LIMIT_MS = 2_000;

/** Keeps one listening connection, and reconnects with back-off whenever it is lost. */
export function createPostgresLink(options: PostgresLinkOptions): PostgresLink {
  const { connect, channel, onPayload, onLost, log, sleep, random, connectTimeoutMs } = options;
  const stopping = new AbortController();
  let current: PostgresConnection['query'] | undefined;
  let renew = (): void => {};

  const serveOne = async (): Promise<void> => {
    const connection = await openWithin(connect, connectTimeoutMs);
    const lost = Promise.withResolvers<void>();
    renew = lost.resolve;
    connection.on('error', () => lost.resolve());
    connection.on('end', () => lost.resolve());
    connection.on('notification', (message) => {
      if (message.channel === channel && message.payload !== undefined) onPayload(message.payload);
    });
    try {
      if (stopping.signal.aborted) return;
      await withinTime(connection.query(`LISTEN "${channel}"`), connectTimeoutMs);
      current = oneAtATime(connection);
      await lost.promise;
    } finally {
      current = undefined;
      onLost();
      await withinTime(connection.end(), connectTimeoutMs).catch(() => undefined);
    }
  };

  const serve = async (): Promise<void> => {
    let told = false;
    for (let failures = 0; !stopping.signal.aborted; failures += 1) {
      try {
        await serveOne();
        failures = 0;
        told = false;
      } catch (error) {
        // Logged once per outage, not once per try.
        if (!told)
          log.warn(
            { err: error, 'event.action': 'cache-failed' },
            'The connection for invalidations could not be opened; retrying.',
          );
        told = true;
      }
      await sleep(backoffMs(failures, random, RECONNECT_BASE_MS, RECONNECT_LIMIT_MS), stopping.signal);
    }
  };
  const served = serve();

  return {
    async query(text, values) {
      if (current === undefined) throw new Error('There is no connection for invalidations.');
      return await current(text, values);
    },
    renew: () => renew(),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      renew();
      await served;
    },
  };
}

/** Sends the next query only after the previous one was answered. */
function oneAtATime(connection: PostgresConnection): PostgresConnection['query'] {
  let last: Promise<unknown> = Promise.resolve();
  return (text, values) => {
    const next = last.catch(() => undefined).then(() => connection.query(text, values));
    last = next;
    return next;
  };
}

/** Closes a connection that opens after the time-out; otherwise it would stay open unused. */
async function openWithin(connect: () => Promise<PostgresConnection>, ms: number): Promise<PostgresConnection> {
  const opening = connect();
  try {
    return await withinTime(opening, ms);
  } catch (error) {
    void opening.then((late) => late.end()).catch(() => undefined);
    throw error;
  }
}
