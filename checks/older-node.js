// Stands at the beginning of the packed verify-sessions: the parts of the language that the command uses and that Node
// 20 or 22 does not have yet.

// Node 22
Promise.withResolvers ??= () => {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

// Node 21
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  let index = 0;
  for (const item of items) {
    const key = keyOf(item, index++);
    if (groups.has(key)) groups.get(key).push(item);
    else groups.set(key, [item]);
  }
  return groups;
};

// Node 24
globalThis.AsyncDisposableStack ??= class AsyncDisposableStack {
  #ends = [];
  use(resource) {
    this.#ends.push(() => resource[Symbol.asyncDispose]());
    return resource;
  }
  defer(end) {
    this.#ends.push(end);
  }
  move() {
    const moved = new AsyncDisposableStack();
    moved.#ends = this.#ends.splice(0);
    return moved;
  }
  async disposeAsync() {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
  [Symbol.asyncDispose]() {
    return this.disposeAsync();
  }
};
