import { PhaselockError } from '@phaselock/core';
import { LOCK_STRATEGIES } from '@phaselock/locking';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import { commitInTime } from './commit-in-time.ts';
import type { GuardContext } from './context.ts';
import type { Flags } from './flag-view.ts';

/** What holds now, at most two seconds old; never a failure. */
export const flags = (ctx: GuardContext): Promise<Flags> => ctx.flags.view();

export const readFlags = (ctx: GuardContext) => answerInTime(ctx, () => store.readFlags(ctx.database.kysely));

export const readRollouts = (ctx: GuardContext) => answerInTime(ctx, () => store.readRollouts(ctx.database.kysely));

export const setFlag = (ctx: GuardContext, flag: store.SetFlag): Promise<store.FlagRow> =>
  answerInTime(ctx, async () => {
    refuseUnknownStrategy(flag);
    const row = await commitInTime(ctx, (db) => store.setFlag(db, flag));
    ctx.flags.forget();
    // What holds when the database goes away next must be this, and not what it was before.
    await ctx.flags.view();
    if (row === 'not-found') throw new PhaselockError('flag_not_found');
    if (row === 'version-mismatch') throw new PhaselockError('version_mismatch');
    ctx.logger.info(
      {
        'phaselock.flag': row.name,
        'phaselock.enabled': row.enabled,
        'phaselock.value': row.value,
        'user.name': row.updatedBy,
      },
      'flag set',
    );
    return row;
  });

function refuseUnknownStrategy({ name, value }: store.SetFlag): void {
  if (name !== 'locking_strategy' || value === undefined || value === null) return;
  if (LOCK_STRATEGIES.some((strategy) => strategy === value)) return;
  throw new PhaselockError('invalid_request', { detail: `value: one of ${LOCK_STRATEGIES.join(', ')}` });
}
