import type { ProjectId } from '@phaselock/core';
import { type Ownable, type Owner, readOwner, type Sql } from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';

export type KnownOwners = {
  /**
   * With the project of whoever asks, what is known to be another project's is asked for again: it takes as long as what is not there, so the time
   * does not tell them apart.
   */
  of(sql: Sql, thing: Ownable, asker?: ProjectId): Promise<Owner | undefined>;
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
  return {
    async of(sql, thing, asker) {
      const key = keyOf(thing);
      const remembered = known.get(key);
      if (remembered !== undefined && (asker === undefined || remembered.projectId === asker)) return remembered;
      const owner = await readOwner(sql, thing);
      if (owner === undefined) return undefined;
      if (known.size >= maxKnown) {
        const [oldest] = known.keys();
        if (oldest !== undefined) known.delete(oldest);
      }
      known.set(key, owner);
      return owner;
    },
    forget: (thing) => void known.delete(keyOf(thing)),
  };
}

export const ownerOf = (ctx: GuardContext, thing: Ownable, asker?: ProjectId): Promise<Owner | undefined> =>
  answerInTime(ctx, () => ctx.owners.of(ctx.database, thing, asker));
