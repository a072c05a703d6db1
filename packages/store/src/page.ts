/** Ids are time-ordered, so the last id of a page is the place where the next one begins. */
export type PageAfter<Place> = { readonly limit: number; readonly after?: Place };

export type PageOf<Item, Place> = { readonly items: readonly Item[]; readonly next: Place | null };

/** One row more than asked for tells whether there is another page. */
export async function pageOf<Item, Place>(
  page: PageAfter<Place>,
  read: (page: PageAfter<Place>) => Promise<readonly Item[]>,
  placeOf: (item: Item) => Place,
): Promise<PageOf<Item, Place>> {
  const found = await read({ ...page, limit: page.limit + 1 });
  const items = found.slice(0, page.limit);
  const last = items.at(-1);
  return { items, next: found.length > page.limit && last !== undefined ? placeOf(last) : null };
}
