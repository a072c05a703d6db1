export type Random = {
  /** A number from 0 (included) to 1 (excluded). */
  (): number;
  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** A random name, with a probability in proportion to its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name;
  /** A new generator determined by this one's seed and the name alone. */
  fork(name: string): Random;
};

/** The mulberry32 generator: small and fast, with the same numbers everywhere for the same seed. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return Object.assign(next, {
    whole: (from: number, to: number) => from + Math.floor(next() * (to - from + 1)),
    chance: (probability: number) => next() < probability,
    pick: <Item>(items: readonly Item[]): Item => {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    weighted: <Name extends string>(weights: Readonly<Record<Name, number>>): Name => pickWeighted(weights, next()),
    fork: (name: string) => createRandom(hash(name, seed)),
  });
}

function pickWeighted<Name extends string>(weights: Readonly<Record<Name, number>>, at: number): Name {
  const names: Name[] = [];
  for (const name in weights) names.push(name);
  const total = names.reduce((sum, name) => sum + weights[name], 0);
  let rest = at * total;
  for (const name of names) {
    rest -= weights[name];
    if (rest < 0) return name;
  }
  const [first] = names;
  if (first === undefined) throw new Error('nothing to pick from');
  return first;
}

function hash(text: string, seed: number): number {
  let value = (seed ^ 0x811c9dc5) >>> 0;
  for (const letter of text) value = Math.imul(value ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return value;
}
