import type { QueryResultRow } from 'pg';
import { type Grouping, type GroupingWay, judgedBy, NOW_MS, SERVER_CLOCK, type Statement } from '../sql.ts';

/** The wait of a group for a lock that is taken inside the function. After it, each call is sent alone. */
const GROUP_WAIT_MS = 50;

/** Always true. Limits the lock waits of the rest of the transaction. */
const LIMITED = `set_config('lock_timeout', '${GROUP_WAIT_MS}', true) is not null`;

/** Types that travel in JSON as text and are cast for the call: `jsonb` parameters are JSON texts already. */
const AS_TEXT: ReadonlySet<string> = new Set(['jsonb']);

/**
 * A statement that carries out calls of a function, given as a JSON array in key order. A call whose rows are locked by
 * another transaction is left out, so that the others do not wait for it.
 */
export function groupedStatement({ write, way, waitAt }: Grouping): Statement {
  const text = way.kind === 'each' ? callForEach(write, way, waitAt) : callOfAll(way.name);
  return { name: `${write}_grouped`, text: `${text} where ${judgedBy(2)}`, inTime: 'window' };
}

/** The function is volatile, so it sees the effects of the calls before it in the same statement. */
function callForEach(
  name: string,
  { types, lock }: Extract<GroupingWay, { kind: 'each' }>,
  waitAt: number | undefined,
): string {
  const columns = types.map((type, index) => `p${index + 1} ${AS_TEXT.has(type) ? 'text' : type}`);
  const parameter = (type: string, index: number): string => {
    if (index === 0) return 'locked.first';
    if (index + 1 === waitAt) return String(GROUP_WAIT_MS);
    return AS_TEXT.has(type) ? `i.p${index + 1}::${type}` : `i.p${index + 1}`;
  };
  return `
    with item as materialized (
      select i.* from json_to_recordset($1::json) as i(place integer, ${columns.join(', ')}) where ${LIMITED})
    select i.place, w.*, ${NOW_MS} as ${SERVER_CLOCK}
    from item i
    cross join lateral (${lock}) locked
    cross join lateral ${name}(${types.map(parameter).join(', ')}) w`;
}

const callOfAll = (name: string): string => `
    select w.*, ${NOW_MS} as ${SERVER_CLOCK}
    from ${name}(case when ${LIMITED} then $1::json end) w`;

/** The parameter of a grouped statement: the parameters of its calls, each with its place in the group. */
export function groupedValues({ way }: Grouping, calls: readonly (readonly unknown[])[]): string {
  const keyAt = (index: number): string => (way.kind === 'at-once' ? (way.keys[index] ?? '') : `p${index + 1}`);
  return JSON.stringify(
    calls.map((values, place) => {
      const item: Record<string, unknown> = { place };
      for (const [index, value] of values.entries()) item[keyAt(index)] = inJson(value);
      return item;
    }),
  );
}

/** JSON has no such numbers and would carry null. As text they are refused by the server. */
const inJson = (value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

/** The rows of each call; undefined for a call that was left out. */
export function rowsByPlace(rows: readonly QueryResultRow[], calls: number): (QueryResultRow[] | undefined)[] {
  const answers: (QueryResultRow[] | undefined)[] = Array.from({ length: calls });
  for (const { place, ...row } of rows) answers[place] = [row];
  return answers;
}
