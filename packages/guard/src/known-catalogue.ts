import { answerInTime } from './answer-in-time.ts';
import type { CatalogueView, GuardContext } from './context.ts';

/** The catalogue, for an operation that is not itself within a deadline: waited for no longer than an operation may take. */
export const knownCatalogue = async (ctx: GuardContext): Promise<CatalogueView> =>
  ctx.catalogue.known() ?? (await answerInTime(ctx, () => ctx.catalogue.view()));
