import type { QueryResultRow } from 'pg';
import type { Connection } from './connection.ts';
import { endAfter } from './reusable-connection.ts';
import type { ServerClock } from './server-clock.ts';
import { judgedClock, SERVER_CLOCK, type Statement } from './sql.ts';
import type { WhoWaits } from './time-left.ts';
import { refuseUnstorable } from './unstorable-text.ts';

/** The dependencies of sending a statement. `clock` estimates the clock of the database server. */
export type Wire = {
  readonly acquire: () => Promise<Connection>;
  readonly whoWaits: WhoWaits;
  readonly clock: ServerClock;
  readonly now: () => number;
  /** The errors of statements that certainly wrote nothing. */
  readonly wroteNothing: WeakSet<Error>;
};

/** Only checks that the caller still waits. For a COMMIT that is not sent together with a write and its check. */
export const IN_TIME: Statement = { name: 'in_time', text: `select ${judgedClock(1)}`, inTime: 'window' };

const CLOCK: Statement = {
  name: 'server_clock',
  text: 'select (extract(epoch from clock_timestamp()) * 1000)::double precision as server_ms',
};

/**
 * Reads the server’s clock once, before the first write with a time limit (`inTime`), which the server refuses by its
 * own clock once the caller no longer waits. Every such write returns the clock as well.
 */
export async function knowClock(
  { clock, whoWaits, now }: Wire,
  connection: Connection,
  { inTime }: Statement,
): Promise<void> {
  if (inTime === undefined || whoWaits() === undefined || clock.in(0) !== null) return;
  const sentAt = now();
  const { rows } = await connection.query<{ server_ms: number }>(CLOCK);
  for (const { server_ms } of rows) clock.heard(server_ms, sentAt);
}

export async function send<Row extends QueryResultRow>(
  { clock, whoWaits, now }: Wire,
  connection: Connection,
  { name, text, inTime }: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  refuseUnstorable(values);
  if (inTime === undefined) return (await connection.query<Row>({ name, text, values: [...values] })).rows;
  const left = whoWaits();
  const window = left === undefined ? [null, null] : [clock.since(), clock.in(left.remainingMs())];
  const wait = left === undefined ? null : Math.ceil(left.waitMs());
  const bounds = inTime === 'window' ? window : [...window, wait];
  const sentAt = now();
  try {
    const { rows } = await connection.query<Row>({ name, text, values: [...values, ...bounds] });
    const [first] = rows;
    if (first !== undefined) hear(clock, Reflect.get(first, SERVER_CLOCK), sentAt);
    for (const row of rows) Reflect.deleteProperty(row, SERVER_CLOCK);
    return rows;
  } catch (error) {
    if (isTooLate(error)) hear(clock, Number(error.detail), sentAt);
    throw error;
  }
}

function hear(clock: ServerClock, serverMs: unknown, sentAt: number): void {
  if (typeof serverMs === 'number' && Number.isFinite(serverMs)) clock.heard(serverMs, sentAt);
}

/**
 * Retries once when a statement was refused as late although its caller still waits: the server’s clock was changed,
 * and the refusal contained its new time.
 */
async function sendInTime<Row extends QueryResultRow>(
  wire: Wire,
  connection: Connection,
  statement: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  try {
    return await send<Row>(wire, connection, statement, values);
  } catch (error) {
    if (!isTooLate(error) || (wire.whoWaits()?.remainingMs() ?? 0) <= 0) throw error;
    return await send<Row>(wire, connection, statement, values);
  }
}

const isTooLate = (error: unknown): error is { readonly detail: unknown } =>
  error instanceof Error && 'code' in error && error.code === 'PL006' && 'detail' in error;

/** Sends a statement on a connection of its own, as a transaction of its own. */
export async function sendAlone<Row extends QueryResultRow>(
  wire: Wire,
  statement: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  let connection: Connection | undefined;
  try {
    connection = await wire.acquire();
    await knowClock(wire, connection, statement);
    const rows = await sendInTime<Row>(wire, connection, statement, values);
    connection.release();
    return rows;
  } catch (error) {
    // Without a connection, nothing was sent.
    const wroteNothing = connection === undefined || (await endAfter(connection, error));
    if (wroteNothing && error instanceof Error) wire.wroteNothing.add(error);
    throw error;
  }
}
