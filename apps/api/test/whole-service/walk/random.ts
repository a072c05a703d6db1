/** The random choices of one step of the walk. */
export type Random = {
  /** A whole number from 0 up to, not including, `bound`. */
  below(bound: number): number;
  chance(probability: number): boolean;
  /** Throws when there is nothing to choose from. */
  pick<Item extends object | string | number>(items: readonly Item[]): Item;
  /** Undefined when there is nothing to choose from. */
  maybe<Item>(items: readonly Item[]): Item | undefined;
  /** One of the last `among` items, because recent items conflict most often. */
  recent<Item>(items: readonly Item[], among: number): Item | undefined;
  /** Each choice is a pair of its weight and the item. */
  weighted<Item>(choices: readonly (readonly [number, Item])[]): Item;
};

/**
 * A random generator for one step, seeded with the walk's seed and the step number. The draws of one step do not affect
 * other steps, so runs with the same seed stay similar even though responses arrive in another order.
 */
export function randomOf(seed: number, step: number): Random {
  let state = mixed(mixed(seed) ^ Math.imul(step + 1, 0x9e3779b1));
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    return mixed(state) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  const maybe = <Item>(items: readonly Item[]): Item | undefined => items[below(Math.max(items.length, 1))];
  const pick = <Item extends object | string | number>(items: readonly Item[]): Item => {
    const found = maybe(items);
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  };
  return {
    below,
    chance: (probability) => next() < probability,
    pick,
    maybe,
    recent: (items, among) => maybe(items.slice(-among)),
    weighted: (choices) => {
      let left = next() * choices.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, item] of choices) {
        left -= weight;
        if (left < 0) return item;
      }
      return pick(choices)[1];
    },
  };
}

/** The finalizer of murmur3, which spreads neighbouring seeds. */
function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
