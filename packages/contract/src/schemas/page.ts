import { z } from 'zod';

const DIGITS = /^\d{1,15}$/;

/** An integer in a query: plain digits only, not every text that JavaScript converts to a number. */
export const queryInteger = (min: number, max: number, description: string) =>
  z
    .preprocess(
      (value) => (typeof value === 'string' && DIGITS.test(value) ? Number(value) : value),
      z.int().min(min).max(max),
    )
    .meta({ description });

export const queryFlag = (description: string) =>
  z
    .enum(['true', 'false'])
    .meta({ description })
    .transform((value) => value === 'true');

const PAGE_LIMIT = 200;
const DEFAULT_PAGE = 50;

export const limit = queryInteger(1, PAGE_LIMIT, 'Items on a page').default(DEFAULT_PAGE);

const HISTORY_PAGE = 1_000;

/** The larger page of the history lists: for most sessions, the first page contains everything. */
export const historyLimit = queryInteger(1, HISTORY_PAGE, 'Items on a page').default(HISTORY_PAGE);

/** Opaque to a caller. */
export const cursor = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9_-]+$/, 'must be a cursor from an earlier page')
  .meta({ description: '`next` of the previous page' });

export const pageOf = <Item extends z.ZodType>(item: Item, description: string) =>
  z
    .strictObject({
      items: z.array(item),
      next: z.string().nullable().meta({ description: 'Cursor of the next page; null on the last one' }),
    })
    .meta({ description });
