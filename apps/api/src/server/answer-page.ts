import { toCursor } from '../handlers/place.ts';
import { ok } from './answers.ts';

/** Maximum size of a page in bytes; a page always has at least one item. */
export const PAGE_BYTES = 8 * 1_024 * 1_024;

type Place = string | number;
type Page<Item> = { readonly items: readonly Item[]; readonly next: Place | null };

/**
 * Builds the response for a page. A page that would exceed the size limit ends early, and the next page continues
 * there.
 */
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
