import { EARLIER_SEEDS, KNOWN_MODELS } from '@phaselock/core';
import { migrate, openDatabase, seedCatalogue } from '@phaselock/store';
import { idSource } from './id-source.ts';
import { newModelId } from './new-ids.ts';

/** The schema as this release needs it, and the well-known models in a catalogue nobody has worked on. Any number of processes may. */
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
