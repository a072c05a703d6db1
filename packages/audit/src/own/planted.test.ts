import { openTestGuard, type TestGuard } from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everyLife, type Lives } from '../../test/every-life.ts';
import { keepTables, plant } from '../../test/kept-tables.ts';
import { ROWS_AND_EVENTS } from '../../test/planted/rows-and-events.ts';
import { RECHAIN_ALL } from '../../test/rewrite-history.ts';
import { auditOwnDatabase } from '../audit-own-database.ts';

/** A sample of 100 % covers everything, but uses no sieves. */
const WITHOUT_SIEVES = { kind: 'sample', share: 1 } as const;

let home: TestGuard;
let lives: Lives;
let restore: () => Promise<void>;
beforeAll(async () => {
  home = await openTestGuard();
  lives = await everyLife(home);
  restore = await keepTables(home.guard.database.pool.pg);
});
afterAll(() => home[Symbol.asyncDispose]());

const named = (sql: string): string =>
  sql.replaceAll(/\$([A-Za-z]+)/g, (_, name: string) => {
    const id = lives[name];
    if (id === undefined) throw new Error(`the history has no ${name}`);
    return id;
  });

async function audited(wanted: Parameters<typeof auditOwnDatabase>[1] = {}): Promise<string[]> {
  const { findings, summary } = await auditOwnDatabase(home.databaseUrl, wanted);
  expect(summary.incomplete).toEqual([]);
  return findings.map(({ rule, subject, message }) => `${rule} ${subject.kind} ${subject.id}: ${message}`).toSorted();
}

const rulesIn = (found: readonly string[]): string[] => [...new Set(found.map((line) => line.split(' ')[0] ?? ''))];

test('a history with every kind of life has no finding, with sieves and without', async () => {
  expect(await audited()).toEqual([]);
  expect(await audited({ wanted: WITHOUT_SIEVES })).toEqual([]);
});

test.each([
  [
    'whose events name neither attempts nor model changes',
    `update session_events set detail = detail - 'attempt_id' - 'model_change' where detail is not null`,
  ],
  [
    'in which the next start marked a process as lost without an event',
    `update session_events set detail = detail - 'attempt_id' - 'model_change' where detail is not null;
     delete from session_events where session_id = '$late' and type = 'turn-lost'`,
  ],
  [
    'with sessions from before the events',
    `insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, input_tokens, created_at, updated_at, ended_at)
       select gen_random_uuid(), '$task', phase, 'standard', 'claude-code', 'completed', 0, false, 7, now(), now(), now()
       from unnest(array['plan', 'run']) as phase;
     insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at, ended_at)
       values (gen_random_uuid(), '$task', 'verify', 'standard', 'claude-code', 'pending', 0, false, now(), now(), now())`,
  ],
])('a history of an older release %s has no finding', async (_, sql) => {
  await plant(home.guard.database.pool.pg, [named(sql), RECHAIN_ALL]);
  try {
    expect(await audited()).toEqual([]);
    expect(await audited({ wanted: WITHOUT_SIEVES })).toEqual([]);
  } finally {
    await restore();
  }
});

// The chains are computed anew, so that they do not give the corruption away.
test.each(ROWS_AND_EVENTS)('$what: reported by $rules alone', async ({ rules, sql }) => {
  await plant(home.guard.database.pool.pg, [named(sql), RECHAIN_ALL]);
  try {
    const found = await audited();
    expect(rulesIn(found).toSorted(), found.join('\n')).toEqual(rules.toSorted());
    expect(await audited({ wanted: WITHOUT_SIEVES })).toEqual(found);
  } finally {
    await restore();
  }
});

test('no corruption is listed twice', () => {
  expect(new Set(ROWS_AND_EVENTS.map(({ sql }) => sql)).size).toBe(ROWS_AND_EVENTS.length);
  expect(new Set(ROWS_AND_EVENTS.map(({ what }) => what)).size).toBe(ROWS_AND_EVENTS.length);
});
