/** What every list is asked with, and answers. */
type Query = { readonly limit?: string | number | undefined; readonly cursor?: string | undefined };
type List<Asking, Item> = (
  asking: Asking,
) => Promise<{ readonly body: { readonly items: readonly Item[]; readonly next: string | null } }>;

/** Everything a list has, page by page as it is needed: `for await (const task of eachItem(client.listTasks, { query: { projectId } }))`. */
export async function* eachItem<Asking extends { readonly query?: Query }, Item>(
  list: List<Asking, Item>,
  asking: Asking,
): AsyncGenerator<Item> {
  for (let query = asking.query; ; ) {
    const { items, next } = (await list({ ...asking, ...(query !== undefined && { query }) })).body;
    yield* items;
    if (next === null) return;
    query = { ...query, cursor: next };
  }
}
