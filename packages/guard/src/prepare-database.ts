import { EARLIER_SEEDS, KNOWN_MODELS } from '@phaselock/core';
import { migrate, openDatabase, seedCatalogue } from '@phaselock/store';
import { idSource } from './id-source.ts';
import { newModelId } from './new-ids.ts';

/**
 * Migrates the schema to this release, and adds the well-known models to a catalogue that no user has changed. Several
 * processes may run it at once.
 */
export async function prepareDatabase(databaseUrl: string): Promise<void> {
  await migrate(databaseUrl);
  const newId = idSource(Date.now);
  await using database = openDatabase({ url: databaseUrl, maxSize: 1 });
  await seedCatalogue(
    database.kysely,
    KNOWN_MODELS.map((model) => ({ id: newModelId({ newId }), ...model })),
    EARLIER_SEEDS,
  );
}
