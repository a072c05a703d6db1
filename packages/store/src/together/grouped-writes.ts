import type { QueryResultRow } from 'pg';
import type { Connection } from '../connection.ts';
import type { GroupedWrite, Grouping, Statement } from '../sql.ts';
import { OutOfTime, type TimeLeft } from '../time-left.ts';
import { type GroupLimits, groupCalls } from './group-calls.ts';
import { groupedStatement, groupedValues } from './grouped-statement.ts';
import { isRolledBack } from './is-rolled-back.ts';

type Rows = readonly QueryResultRow[];

export type Write = { readonly statement: Statement; readonly values: readonly unknown[]; readonly left: TimeLeft };

export type GroupedWrites = {
  readonly limits: GroupLimits;
  readonly now: () => number;
  /** A connection for calls of which the last one waits this long. */
  acquire(latest: TimeLeft): Promise<Connection>;
  /** Sends a statement that is refused once the first of its callers no longer waits. */
  sendOn(connection: Connection, soonest: TimeLeft, statement: Statement, values: readonly unknown[]): Promise<Rows>;
  release(connection: Connection, error?: unknown): void;
  alone(write: Write): Promise<Rows>;
  readonly observer: WriteObserver;
};

/** Is told how many writes were sent in one statement, and how many of them it did not carry out. */
export type WriteObserver = {
  sent(write: GroupedWrite, calls: number): void;
  leftOut(write: GroupedWrite, calls: number): void;
};

/** Sends writes of the same function that arrive at the same time as one statement. */
export function groupedWrites(parts: GroupedWrites): (write: Write, grouping: Grouping) => Promise<Rows> {
  const byFunction = new Map<GroupedWrite, (write: Write) => Promise<Rows>>();
  return (write, grouping) => {
    const known = byFunction.get(grouping.write);
    if (known !== undefined) return known(write);
    const statement = groupedStatement(grouping);
    const send = groupCalls<Write, Rows>({
      limits: parts.limits,
      now: parts.now,
      keyOf: ({ values }) => grouping.keyOf(values),
      timeLeft: ({ left }) => left,
      alone: parts.alone,
      observer: {
        sent: (calls) => parts.observer.sent(grouping.write, calls),
        leftOut: (calls) => parts.observer.leftOut(grouping.write, calls),
      },
      together: (writes) => sendTogether(parts, grouping, statement, writes),
    });
    byFunction.set(grouping.write, send);
    return send(write);
  };
}

async function sendTogether(
  { acquire, sendOn, release }: GroupedWrites,
  grouping: Grouping,
  statement: Statement,
  writes: readonly Write[],
): Promise<(Rows | undefined)[]> {
  const times = writes.map(({ left }) => left);
  const connection = await acquire(latestOf(times));
  let failure: unknown;
  try {
    const rows = await sendOn(connection, soonestOf(times), statement, [
      groupedValues(
        grouping,
        writes.map(({ values }) => values),
      ),
    ]);
    const answers = writes.map((): Rows | undefined => undefined);
    for (const { place, ...row } of rows) answers[place] = [row];
    return answers;
  } catch (error) {
    failure = error;
    // Nothing was written: each call is sent alone and meets its own failure, if the failure was its own.
    if (isRolledBack(error) || error instanceof OutOfTime) return writes.map(() => undefined);
    throw error;
  } finally {
    release(connection, failure);
  }
}

const soonestOf = (times: readonly TimeLeft[]): TimeLeft => ({
  remainingMs: () => Math.min(...times.map((time) => time.remainingMs())),
  waitMs: () => Math.min(...times.map((time) => time.waitMs())),
});

const latestOf = (times: readonly TimeLeft[]): TimeLeft => ({
  remainingMs: () => Math.max(...times.map((time) => time.remainingMs())),
  waitMs: () => Math.max(...times.map((time) => time.waitMs())),
});
