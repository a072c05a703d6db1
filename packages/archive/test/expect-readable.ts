import { readArchive } from '@phaselock/store';
import { expect } from 'vitest';
import type { ArchiveContext } from '../src/steps/archive-context.ts';
import { documentIn } from './document-in.ts';

/**
 * Expects each session that left the database to be intact in the store, found through its tombstone, and the others to
 * be in the database.
 */
export async function expectReadable(
  { database, store }: Pick<ArchiveContext, 'database' | 'store'>,
  expected: { readonly purged: number; readonly here: number },
): Promise<void> {
  const { rows } = await database.pool.pg.query(
    `select e.session_id as id, s.id is not null as here,
            (select array_agg(x.id order by x.id) from session_events x where x.session_id = e.session_id) as events
     from session_events e left join sessions s on s.id = e.session_id
     where e.type = 'created' and not exists (select 1 from archives a where a.session_id = e.session_id and a.removing_at is not null)`,
  );
  const gone = rows.filter(({ here }) => here !== true);
  for (const { id } of gone) {
    const record = await readArchive(database.kysely, id);
    const document = await documentIn(store, record);
    expect(document).toMatchObject({ session: { id } });
    expect(document.logs).toHaveLength(record?.logs ?? -1);
    expect(document.processes).toHaveLength(record?.processes ?? -1);
    expect(document.events).toHaveLength(record?.events ?? -1);
  }
  expect({ purged: gone.length, here: rows.length - gone.length }).toEqual(expected);
}
