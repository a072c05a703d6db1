import { buildCatalogue, type ModelPolicy, policyFromCatalogue } from '@phaselock/core';
import { type Database, readCatalogue } from '@phaselock/store';
import type { CatalogueView } from './context.ts';

/** How long another process's change of the catalogue may go unseen. This process's own are seen at once. */
export const CATALOGUE_BOUND_MS = 2_000;

/**
 * The models and profiles, a small table, as they were at most two seconds ago. Refreshed behind the back of whoever asks once half of that
 * is over, so that a busy process never waits for it.
 */
export function catalogueView(
  database: Database,
  policy: ModelPolicy,
  now: () => number,
): { view(): Promise<CatalogueView>; forget(): void } {
  let current: { readonly view: CatalogueView; readonly readAt: number } | undefined;
  let reading: Promise<CatalogueView> | undefined;
  let epoch = 0;

  const read = (): Promise<CatalogueView> => {
    const startedIn = epoch;
    const since = now();
    const started: Promise<CatalogueView> = readCatalogue(database.kysely)
      .then(({ models, profiles }) => {
        const catalogue = buildCatalogue(models, profiles);
        const view = { catalogue, policy: policyFromCatalogue(policy, catalogue) };
        // A read that began before the catalogue was changed here must not bring the old one back.
        if (startedIn === epoch) current = { view, readAt: since };
        return view;
      })
      .finally(() => {
        if (reading === started) reading = undefined;
      });
    reading = started;
    return started;
  };

  return {
    async view() {
      const age = current === undefined ? Number.POSITIVE_INFINITY : now() - current.readAt;
      if (current === undefined || age > CATALOGUE_BOUND_MS) return await (reading ?? read());
      if (age > CATALOGUE_BOUND_MS / 2 && reading === undefined) read().catch(() => {});
      return current.view;
    },
    forget() {
      epoch += 1;
      current = undefined;
      reading = undefined;
    },
  };
}
