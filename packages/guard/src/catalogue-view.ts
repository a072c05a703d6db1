import { buildCatalogue, type ModelPolicy, policyFromCatalogue } from '@phaselock/core';
import { type Database, readCatalogue, readStrictProjects } from '@phaselock/store';
import type { CatalogueView, GuardContext } from './context.ts';
import { type FreshView, freshView } from './fresh-view.ts';

/** How long another process's change of the catalogue may go unseen. This process's own are seen at once. */
export const CATALOGUE_BOUND_MS = 2_000;

/** The models and profiles: a small table. */
export const catalogueView = (
  database: Database,
  policy: ModelPolicy,
  { now, time }: Pick<GuardContext, 'now' | 'time'>,
): FreshView<CatalogueView> =>
  freshView({
    boundMs: CATALOGUE_BOUND_MS,
    now,
    read: () =>
      time.detached(async () => {
        const [{ models, profiles }, strictProjects] = await Promise.all([
          readCatalogue(database.kysely),
          readStrictProjects(database.kysely),
        ]);
        const catalogue = buildCatalogue(models, profiles);
        return { catalogue, policy: policyFromCatalogue(policy, catalogue), strictProjects: new Set(strictProjects) };
      }),
  });
