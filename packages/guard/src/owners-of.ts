import type { ProjectId } from '@phaselock/core';
import type { Ownable, Owner } from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';

/** The owners of these things, within the deadline of an operation. */
export const ownersOf = (
  ctx: GuardContext,
  things: readonly Ownable[],
  asker?: ProjectId,
): Promise<readonly (Owner | undefined)[]> => answerInTime(ctx, () => ctx.owners.ofAll(ctx.database, things, asker));
