/** One event of a task: an item, its end or its failure. */
export type Heard<Task, Item> =
  | { readonly kind: 'item'; readonly task: Task; readonly item: Item }
  | { readonly kind: 'done'; readonly task: Task }
  | { readonly kind: 'failed'; readonly task: Task; readonly error: unknown };

/** How many items a task may produce before the consumer takes one. */
const AHEAD = 1_000;

/**
 * Runs tasks in parallel, one per lane, and yields their items in the order of the tasks, as if they had run one after
 * the other. All tasks wait for a slow consumer (back-pressure).
 */
export async function* takeInOrder<Task, Item>(
  tasks: readonly Task[],
  lanes: number,
  work: (task: Task) => AsyncIterable<Item>,
): AsyncGenerator<Heard<Task, Item>> {
  const state = { next: 0, closed: false };
  const inboxes = tasks.map(() => inbox<Heard<Task, Item>>(() => state.closed));
  const lane = async (): Promise<void> => {
    for (let at = state.next++; at < tasks.length && !state.closed; at = state.next++) {
      const [task, box] = [tasks[at], inboxes[at]];
      if (task === undefined || box === undefined) return;
      try {
        for await (const item of work(task)) {
          await box.put({ kind: 'item', task, item });
          if (state.closed) return;
        }
        await box.put({ kind: 'done', task });
      } catch (error) {
        await box.put({ kind: 'failed', task, error });
      }
    }
  };
  const all = Promise.all(Array.from({ length: lanes }, lane));
  try {
    for (const box of inboxes) {
      for (;;) {
        const heard = await box.take();
        yield heard;
        if (heard.kind !== 'item') break;
      }
    }
    await all;
  } finally {
    state.closed = true;
    for (const box of inboxes) box.release();
  }
}

type Inbox<Value> = { put(value: Value): Promise<void>; take(): Promise<Value>; release(): void };

/** A bounded queue with one producer and one consumer. */
function inbox<Value>(closed: () => boolean): Inbox<Value> {
  const values: Value[] = [];
  let wake = (): void => undefined;
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  return {
    async put(value) {
      while (values.length >= AHEAD && !closed()) await change();
      values.push(value);
      wake();
    },
    async take() {
      for (;;) {
        const value = values.shift();
        if (value === undefined) await change();
        else {
          wake();
          return value;
        }
      }
    },
    release: () => wake(),
  };
}
