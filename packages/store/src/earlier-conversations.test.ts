import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createEmptyDatabase } from '@phaselock/testkit';
import pg from 'pg';
import { expect, test } from 'vitest';
import { migrate } from './migrate.ts';

const MIGRATIONS = join(import.meta.dirname, '../migrations');

const uuid = (number: number): string => `10000000-0000-7000-8000-00000000000${number}`;

/** Two sessions with one process each; `told` are the ids that the first process reported, the last is its present one. */
const rowsOf = (told: readonly string[], present: string): string => `
  insert into projects (id, name) values ('${uuid(1)}', 'p');
  insert into tasks (id, project_id, title) values ('${uuid(1)}', '${uuid(1)}', 't');
  insert into attempts (id, task_id) values ('${uuid(1)}', '${uuid(1)}');
  insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at)
    select id::uuid, '${uuid(1)}', phase, 'standard', 'codex', 'ready', 1, true, now(), now()
    from (values ('${uuid(1)}', 'run'), ('${uuid(2)}', 'plan')) x (id, phase);
  insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, agent_session_id, agent, parameters, generation, status, started_at, ended_at)
    select id::uuid, '${uuid(1)}', '${uuid(1)}', id::uuid, seq, 'CodingAgentInitialRequest', 'first', told, 'codex', '{}', 1, 'completed', now(), now()
    from (values ('${uuid(1)}', 1, '${told.at(-1)}'), ('${uuid(2)}', 2, '${present}')) x (id, seq, told);
  insert into session_events (task_id, phase, mode, session_id, type, generation, at, detail)
    select '${uuid(1)}', 'run', 'standard', '${uuid(1)}', 'conversation-told', 1, now(), jsonb_build_object('process_id', '${uuid(1)}', 'agent_session_id', told)
    from unnest('{${told.join(',')}}'::text[]) with ordinality as t (told, n) order by n;`;

test.each([
  { what: 'ids that events kept are found again', told: ['a', 'b', 'c'], present: 'other', earlier: ['a', 'b'] },
  { what: 'an id that another session has is left out', told: ['a', 'b', 'c'], present: 'a', earlier: ['b'] },
  { what: 'an id that is the present one is left out', told: ['a', 'b', 'a'], present: 'other', earlier: ['b'] },
])('at the migration, $what', async ({ told, present, earlier }) => {
  await using database = await createEmptyDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'phaselock-upgrade-'));
  const client = new pg.Client({ connectionString: database.url });
  try {
    const files = (await readdir(MIGRATIONS)).filter((file) => file.endsWith('.sql') && file < '0026');
    for (const file of files) await cp(join(MIGRATIONS, file), join(folder, file));
    await migrate(database.url, pathToFileURL(`${folder}/`));
    await client.connect();
    await client.query(rowsOf(told, present));
    await migrate(database.url);
    const { rows } = await client.query(
      'select agent_session_id, process_id, session_id, invalidated from earlier_conversations order by 1',
    );
    expect(rows).toEqual(
      earlier.map((id) => ({ agent_session_id: id, process_id: uuid(1), session_id: uuid(1), invalidated: false })),
    );
  } finally {
    await client.end();
    await rm(folder, { recursive: true });
  }
});
