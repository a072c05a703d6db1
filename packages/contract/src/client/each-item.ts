/** The query and the answer that all list operations have in common. */
type Query = { readonly limit?: string | number | undefined; readonly cursor?: string | undefined };
type List<Asking, Item> = (
  asking: Asking,
) => Promise<{ readonly body: { readonly items: readonly Item[]; readonly next: string | null } }>;

/**
 * All items of a list; pages are fetched as needed:
 * `for await (const task of eachItem(client.listTasks, { query: { projectId } }))`.
 */
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
