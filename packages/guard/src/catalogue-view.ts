import { buildCatalogue, type ModelPolicy, policyFromCatalogue } from '@phaselock/core';
import { type Database, readCatalogue, readStrictProjects } from '@phaselock/store';
import type { CatalogueView, GuardContext } from './context.ts';
import { type FreshView, freshView } from './fresh-view.ts';

/** Maximum delay until this process sees another process's change of the catalogue. It sees its own changes at once. */
export const CATALOGUE_BOUND_MS = 2_000;

/** Cached view of the models, the profiles and the projects that refuse unlisted models. */
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
