import type { ProjectId } from '@phaselock/core';
import { type Ownable, type Owner, readOwners, type Sql } from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';

export type KnownOwners = {
  of(sql: Sql, thing: Ownable, asker?: ProjectId): Promise<Owner | undefined>;
  /**
   * In the order asked. What is not known is read in one statement for each kind. With the project that asks, what is known to be another project's
   * is read again: it takes as long as what is not there, so the time does not tell them apart.
   */
  ofAll(sql: Sql, things: readonly Ownable[], asker?: ProjectId): Promise<readonly (Owner | undefined)[]>;
  forget(thing: Ownable): void;
};

const MAX_KNOWN = 10_000;

/**
 * A task's project never changes, nor does the task of a session or an attempt, so what is known stays true; the owner of something that
 * was deleted meanwhile owns nothing. What is not there is not remembered: it may be made.
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
    // What is forgotten while others are learnt is still told.
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

export const ownersOf = (
  ctx: GuardContext,
  things: readonly Ownable[],
  asker?: ProjectId,
): Promise<readonly (Owner | undefined)[]> => answerInTime(ctx, () => ctx.owners.ofAll(ctx.database, things, asker));
