import { type Expression, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Schema } from './schema.ts';

/** Ids are time-ordered, so the last id of a page is the place where the next one begins. */
export type PageAfter<Place> = { readonly limit: number; readonly after?: Place };

export type PageOf<Item, Place> = { readonly items: readonly Item[]; readonly next: Place | null };

/** One row more than asked for tells whether there is another page; so does one that was left out for its size. */
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

/** The rows of a page that are together no larger than a page may be, and whether others were left out for that. */
export type Measured<Item> = { readonly items: readonly Item[]; readonly cut: boolean };

/** What a page holds of the columns that can be large; a single row is never left out. */
export const PAGE_BYTES = 8 * 1_024 * 1_024;

type Measuring = {
  /** How large a row of `p` is in those columns. */
  readonly bytes: RawBuilder<number>;
  readonly order: RawBuilder<unknown>;
  readonly maxBytes?: number;
};

/** The rows of a page in their order, without those that are too far on: these never leave the server. */
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
