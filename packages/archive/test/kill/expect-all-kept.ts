import type { Database } from '@phaselock/store';
import { expect } from 'vitest';
import { OBJECTS_FOLDER } from '../../src/format/object-key.ts';
import type { ObjectStore } from '../../src/stores/object-store.ts';
import { deepAudit } from '../deep-audit.ts';

/**
 * Expects every session ever created to be in the database or intact in the store, and the audit, which reads every
 * object, to find nothing.
 */
export async function expectAllKept(
  { database, store }: { readonly database: Database; readonly store: ObjectStore },
  { databaseUrl, sessions }: { readonly databaseUrl: string; readonly sessions: number },
): Promise<void> {
  const { rows } = await database.pool.pg.query(
    `select count(distinct e.session_id)::int as born, count(distinct s.id)::int as live, count(distinct a.session_id)::int as kept,
            count(*) filter (where s.id is null and a.session_id is null)::int as lost
     from session_events e left join sessions s on s.id = e.session_id left join archives a on a.session_id = e.session_id and a.verified_at is not null
     where e.type = 'created'`,
  );
  expect(rows).toMatchObject([{ born: sessions, live: 0, kept: sessions, lost: 0 }]);
  const examined: string[] = [];
  const watched: ObjectStore = {
    ...store,
    get: (key, version) => {
      if (key.startsWith(OBJECTS_FOLDER)) examined.push(key);
      return store.get(key, version);
    },
  };
  const { findings, summary } = await deepAudit(databaseUrl, watched);
  expect(findings).toEqual([]);
  expect(summary).toMatchObject({
    incomplete: [],
    ran: expect.arrayContaining(['SV501', 'SV503', 'SV504', 'SV505', 'SV507', 'SV508', 'SV509', 'SV510', 'SV511']),
  });
  expect(examined).toHaveLength(sessions);
}
