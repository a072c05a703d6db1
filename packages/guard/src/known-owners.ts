import type { ProjectId } from '@phaselock/core';
import { type Ownable, type Owner, readOwners, type Sql } from '@phaselock/store';

export type KnownOwners = {
  of(sql: Sql, thing: Ownable, asker?: ProjectId): Promise<Owner | undefined>;
  /**
   * The owners, in the order of `things`. Unknown ones are read with one statement for each kind. If `asker` is given,
   * things of other projects are read again each time, so that response times do not show whether a thing exists.
   */
  ofAll(sql: Sql, things: readonly Ownable[], asker?: ProjectId): Promise<readonly (Owner | undefined)[]>;
  forget(thing: Ownable): void;
};

const MAX_KNOWN = 10_000;

/**
 * Bounded cache of the project that owns a task, an attempt or a session. Owners never change, so an entry stays
 * correct, and an entry of a deleted thing does no harm. Missing things are not cached, because they may be created
 * later.
 */
export function rememberOwners(maxKnown = MAX_KNOWN): KnownOwners {
  const known = new Map<string, Owner>();
  const keyOf = ({ kind, id }: Ownable): string => `${kind} ${id}`;
  const remember = (key: string, owner: Owner): void => {
    const [oldest] = known.keys();
    if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest);
    known.set(key, owner);
  };
  const rememberedFor = (asker: ProjectId | undefined, thing: Ownable): Owner | undefined => {
    const owner = known.get(keyOf(thing));
    return asker === undefined || owner?.projectId === asker ? owner : undefined;
  };
  const ofAll: KnownOwners['ofAll'] = async (sql, things, asker) => {
    // Results are collected here, because caching a new owner may evict one that was found before.
    const found = new Map(things.map((thing) => [keyOf(thing), rememberedFor(asker, thing)]));
    const unknown = Map.groupBy(
      things.filter((thing) => found.get(keyOf(thing)) === undefined),
      ({ kind }) => kind,
    );
    for (const [kind, asked] of unknown) {
      const read = await readOwners(sql, kind, [...new Set(asked.map(({ id }) => id))]);
      for (const thing of asked) {
        const owner = read.get(thing.id);
        found.set(keyOf(thing), owner);
        if (owner !== undefined) remember(keyOf(thing), owner);
      }
    }
    return things.map((thing) => found.get(keyOf(thing)));
  };
  return {
    ofAll,
    of: async (sql, thing, asker) => (await ofAll(sql, [thing], asker))[0],
    forget: (thing) => void known.delete(keyOf(thing)),
  };
}
