import { toCursor } from '../handlers/place.ts';
import { ok } from './answers.ts';

/** What a page is in bytes at the most; a single item is never left out. */
export const PAGE_BYTES = 8 * 1_024 * 1_024;

type Place = string | number;
type Page<Item> = { readonly items: readonly Item[]; readonly next: Place | null };

/** A page as it is answered: it ends early rather than grow larger than a page may be, and the next one begins where it ended. */
export function answerPage<Item, View>(
  { items, next }: Page<Item>,
  view: (item: Item) => View,
  placeOf: (item: Item) => Place,
  maxBytes = PAGE_BYTES,
) {
  const views: View[] = [];
  let bytes = 0;
  for (const item of items) {
    const one = view(item);
    bytes += Buffer.byteLength(JSON.stringify(one)) + 1;
    const last = items[views.length - 1];
    if (bytes > maxBytes && last !== undefined) return ok({ items: views, next: toCursor(placeOf(last)) });
    views.push(one);
  }
  return ok({ items: views, next: toCursor(next) });
}
