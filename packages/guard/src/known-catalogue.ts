import { answerInTime } from './answer-in-time.ts';
import type { CatalogueView, GuardContext } from './context.ts';

/** The catalogue view for an operation without a deadline of its own; waits no longer than one operation may take. */
export const knownCatalogue = async (ctx: GuardContext): Promise<CatalogueView> =>
  ctx.catalogue.known() ?? (await answerInTime(ctx, () => ctx.catalogue.view()));
