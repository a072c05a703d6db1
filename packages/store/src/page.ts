import { type Expression, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Schema } from './schema.ts';

/** A page by keyset: the position (`Place`) of the last item is the cursor of the next page. */
export type PageAfter<Place> = { readonly limit: number; readonly after?: Place };

export type PageOf<Item, Place> = { readonly items: readonly Item[]; readonly next: Place | null };

/** Reads one row more than the limit: that row, or a row left out for its size, means that there is another page. */
export async function pageOf<Item, Place>(
  page: PageAfter<Place>,
  read: (page: PageAfter<Place>) => Promise<readonly Item[] | Measured<Item>>,
  placeOf: (item: Item) => Place,
): Promise<PageOf<Item, Place>> {
  const answer = await read({ ...page, limit: page.limit + 1 });
  const { items: found, cut } = 'items' in answer ? answer : { items: answer, cut: false };
  const items = found.slice(0, page.limit);
  const last = items.at(-1);
  const more = cut || found.length > page.limit;
  return { items, next: more && last !== undefined ? placeOf(last) : null };
}

/** The rows of a page up to its maximum size in bytes, and whether further rows were left out (`cut`). */
export type Measured<Item> = { readonly items: readonly Item[]; readonly cut: boolean };

/** Maximum size of the large columns of a page. The first row is always included. */
export const PAGE_BYTES = 8 * 1_024 * 1_024;

type Measuring = {
  /** SQL for the size of these columns in a row of `p`. */
  readonly bytes: RawBuilder<number>;
  readonly order: RawBuilder<unknown>;
  readonly maxBytes?: number;
};

/** Reads the rows of a page in order, up to `maxBytes`. The server does not send the rows beyond. */
export async function readMeasured<Row extends object>(
  db: Kysely<Schema>,
  page: Expression<Row>,
  { bytes, order, maxBytes = PAGE_BYTES }: Measuring,
): Promise<Measured<Row>> {
  const { rows } = await sql<Row & Measures>`
    select * from (
      select p.*, coalesce(sum(${bytes}) over (order by ${order} rows between unbounded preceding and 1 preceding), 0)::bigint as bytes_before,
             count(*) over () as rows_found
      from ${page} p) m
    where bytes_before < ${maxBytes} order by ${order}`.execute(db);
  return measured(rows);
}

export type Measures = { readonly bytes_before: number; readonly rows_found: number };

export function measured<Row extends object>(rows: readonly (Row & Measures)[]): Measured<Row> {
  const found = rows[0]?.rows_found ?? 0;
  for (const row of rows) for (const name of ['bytes_before', 'rows_found']) Reflect.deleteProperty(row, name);
  return { items: rows, cut: rows.length < found };
}
