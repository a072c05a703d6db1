import type { QueryResultRow } from 'pg';
import type { GroupedWrite, Grouping, Statement } from '../sql.ts';
import type { TimeLeft } from '../time-left.ts';
import { type GroupLimits, groupCalls } from './group-calls.ts';
import { groupedStatement, groupedValues, rowsByPlace } from './grouped-statement.ts';

type Rows = readonly QueryResultRow[];

export type Write = { readonly statement: Statement; readonly values: readonly unknown[]; readonly left: TimeLeft };

export type GroupedWrites = {
  readonly limits: GroupLimits;
  readonly now: () => number;
  /** Sends a statement for callers who wait this long. */
  send(times: readonly TimeLeft[], statement: Statement, values: readonly unknown[]): Promise<Rows>;
  alone(write: Write): Promise<Rows>;
  /** Whether a failed statement certainly wrote nothing. */
  wroteNothing(error: unknown): boolean;
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
    const send = groupCalls<Write, Rows>({
      limits: parts.limits,
      now: parts.now,
      keyOf: ({ values }) => grouping.keyOf(values),
      timeLeft: ({ left }) => left,
      alone: (call) => parts.alone({ ...call, values: withWaitLeft(grouping, call) }),
      together: (writes) => sendTogether(parts, grouping, writes),
      observer: {
        sent: (calls) => parts.observer.sent(grouping.write, calls),
        leftOut: (calls) => parts.observer.leftOut(grouping.write, calls),
      },
    });
    byFunction.set(grouping.write, send);
    return send(write);
  };
}

async function sendTogether(
  { send, wroteNothing }: GroupedWrites,
  grouping: Grouping,
  writes: readonly Write[],
): Promise<readonly (Rows | undefined)[]> {
  const calls = writes.map(({ values }) => values);
  const times = writes.map(({ left }) => left);
  try {
    return rowsByPlace(await send(times, groupedStatement(grouping), [groupedValues(grouping, calls)]), writes.length);
  } catch (error) {
    // Each call is sent alone and meets its own failure, if the failure was its own.
    if (wroteNothing(error)) return writes.map(() => undefined);
    throw error;
  }
}

/** A call that was in a group has less time to wait than when it was made. */
function withWaitLeft({ waitAt }: Grouping, { values, left }: Write): readonly unknown[] {
  if (waitAt === undefined) return values;
  return values.with(waitAt - 1, Math.max(1, Math.min(Number(values[waitAt - 1]), Math.ceil(left.waitMs()))));
}
