/**
 * Whether there is an order of operations that explains what each of them answered, each at one moment between its call and its return. As in
 * Lowe's "Testing for linearizability": every order that is still possible is kept, and a return leaves those in which its operation has
 * happened. An operation without an answer may happen at any time after its call, or never.
 */
export type Timed<Act> = {
  readonly act: Act;
  readonly at: number;
  /** Infinity: it is not known whether it was done. */
  readonly until: number;
};

export type Model<State, Act> = {
  readonly initial: State;
  /** The state afterwards; undefined where the act could not have answered this. The same state for one that changes nothing. */
  apply(state: State, act: Act): State | undefined;
  /** Whether an act of its kind changes nothing in any state. */
  onlyReads(act: Act): boolean;
  keyOf(state: State): string;
};

export type Linearized<Act> =
  | { readonly ok: true; readonly states: number }
  | { readonly ok: false; readonly at: Timed<Act> };

/** A state that may be the present one, and which of the operations under way have happened in it. */
type Possible<State> = { readonly state: State; readonly done: ReadonlySet<number> };

export function linearize<State, Act>(model: Model<State, Act>, operations: readonly Timed<Act>[]): Linearized<Act> {
  const moments = operations
    .flatMap((operation, id) => [
      { at: operation.at, returns: false, id, operation },
      ...(operation.until === Infinity ? [] : [{ at: operation.until, returns: true, id, operation }]),
    ])
    // Of two at the same moment nobody can say which was first: then both overlap.
    .toSorted((one, other) => one.at - other.at || Number(one.returns) - Number(other.returns));
  const pending = new Map<number, Act>();
  let possible: Possible<State>[] = [{ state: model.initial, done: new Set() }];
  let states = 0;
  for (const { returns, id, operation } of moments) {
    if (!returns) {
      pending.set(id, operation.act);
      continue;
    }
    const all = reachable(model, possible, pending);
    states += all.length;
    possible = all.filter(({ done }) => done.has(id)).map(({ state, done }) => ({ state, done: without(done, id) }));
    if (possible.length === 0) return { ok: false, at: operation };
    pending.delete(id);
  }
  return { ok: true, states };
}

/** Every state that some of the operations under way can lead to. */
function reachable<State, Act>(
  model: Model<State, Act>,
  from: readonly Possible<State>[],
  pending: ReadonlyMap<number, Act>,
): Possible<State>[] {
  const known = new Map<string, Possible<State>>();
  const open: Possible<State>[] = [];
  const add = (possible: Possible<State>) => {
    const settled = settle(model, possible, pending);
    const key = `${model.keyOf(settled.state)}|${[...settled.done].toSorted((one, other) => one - other).join()}`;
    if (known.has(key)) return;
    known.set(key, settled);
    open.push(settled);
  };
  for (const possible of from) add(possible);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [id, act] of pending) {
      if (next.done.has(id) || model.onlyReads(act)) continue;
      const state = model.apply(next.state, act);
      if (state !== undefined) add({ state, done: new Set(next.done).add(id) });
    }
  }
  return [...known.values()];
}

/** What only reads and fits here may as well have happened here: it forbids nothing later. */
function settle<State, Act>(
  model: Model<State, Act>,
  { state, done }: Possible<State>,
  pending: ReadonlyMap<number, Act>,
): Possible<State> {
  const fitting = [...pending].filter(
    ([id, act]) => !done.has(id) && model.onlyReads(act) && model.apply(state, act) !== undefined,
  );
  return fitting.length === 0 ? { state, done } : { state, done: new Set([...done, ...fitting.map(([id]) => id)]) };
}

function without(done: ReadonlySet<number>, id: number): ReadonlySet<number> {
  const rest = new Set(done);
  rest.delete(id);
  return rest;
}
