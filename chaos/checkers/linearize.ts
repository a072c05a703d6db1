/**
 * An operation with its call and return times. `linearize` decides whether some order of the operations explains every
 * response, with each operation taking effect at one moment between its call and its return. It follows Lowe, "Testing
 * for linearizability": all possible orders are kept, and a return discards those in which its operation has not
 * happened yet. An operation without a response may happen at any time after its call, or never.
 */
export type Timed<Act> = {
  readonly act: Act;
  readonly at: number;
  /** Infinity if the operation got no response. */
  readonly until: number;
};

export type Model<State, Act> = {
  readonly initial: State;
  /**
   * The state after the act; undefined if the act could not have had this result in this state. An act without effect
   * returns the same state.
   */
  apply(state: State, act: Act): State | undefined;
  /** Whether acts of this kind never change the state. */
  onlyReads(act: Act): boolean;
  keyOf(state: State): string;
};

export type Linearized<Act> =
  | { readonly ok: true; readonly states: number }
  | { readonly ok: false; readonly at: Timed<Act> };

/** A possible current state, and which of the pending operations have happened in it. */
type Possible<State> = { readonly state: State; readonly done: ReadonlySet<number> };

export function linearize<State, Act>(model: Model<State, Act>, operations: readonly Timed<Act>[]): Linearized<Act> {
  const moments = operations
    .flatMap((operation, id) => [
      { at: operation.at, returns: false, id, operation },
      ...(operation.until === Infinity ? [] : [{ at: operation.until, returns: true, id, operation }]),
    ])
    // The order of two events at the same time is unknown, so calls are sorted before returns: both operations then
    // overlap.
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

/** All states that the pending operations can lead to. */
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

/** A pending read that fits this state can be placed here, because it constrains nothing later. */
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
