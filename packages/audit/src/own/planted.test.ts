import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PlantedHistory, plantInEveryLife } from '../../test/plant-in-every-life.ts';
import { ROWS_AND_EVENTS } from '../../test/planted/rows-and-events.ts';
import { RECHAIN_ALL } from '../../test/rewrite-history.ts';
import { auditOwnDatabase } from '../audit-own-database.ts';

/** A sample of 100 % covers everything, but uses no sieves. */
const WITHOUT_SIEVES = { kind: 'sample', share: 1 } as const;

let history: PlantedHistory;
beforeAll(async () => {
  history = await plantInEveryLife();
});
afterAll(() => history[Symbol.asyncDispose]());

async function audited(wanted: Parameters<typeof auditOwnDatabase>[1] = {}): Promise<string[]> {
  const { findings, summary } = await auditOwnDatabase(history.home.databaseUrl, wanted);
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
    'whose events tell neither retries nor losses, and have the time of the end read again',
    `update session_events set detail = detail - array['model', 'usage', 'takes_up', 'lost_session_id', 'pre_retry_session_id', 'passed_session_id', 'invalidates',
                                                      'agent_session_id'] where type <> 'kept';
     update session_events set at = at + interval '5 microseconds' where type = 'closed';
     update session_events set at = at - interval '1 hour' where type = 'kept';
     insert into session_logs (session_id, kind, line) values ('$plan', 'stdout', 'of no process')`,
  ],
  [
    'with sessions from before the events',
    `insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, input_tokens, created_at, updated_at, ended_at)
       select gen_random_uuid(), '$task', phase, 'standard', 'claude-code', 'completed', 0, false, 7, now(), now(), now()
       from unnest(array['plan', 'run']) as phase;
     insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at, ended_at)
       values (gen_random_uuid(), '$task', 'verify', 'standard', 'claude-code', 'pending', 0, false, now(), now(), now())`,
  ],
])('a history of an older release %s has no finding', async (_release, sql) => {
  await using _planted = await history.plant([sql, RECHAIN_ALL]);
  expect(await audited({ chain: true })).toEqual([]);
  expect(await audited()).toEqual([]);
  expect(await audited({ wanted: WITHOUT_SIEVES })).toEqual([]);
});

// The chains are computed anew, so that they do not give the corruption away.
test.each(ROWS_AND_EVENTS)('$what: reported by $rules alone', async ({ rules, sql, withChain = false }) => {
  await using _planted = await history.plant([sql, RECHAIN_ALL]);
  const found = await audited({ chain: withChain });
  expect(rulesIn(found).toSorted(), found.join('\n')).toEqual(rules.toSorted());
  expect(await audited({ wanted: WITHOUT_SIEVES, chain: withChain })).toEqual(found);
});

test('no corruption is listed twice', () => {
  expect(new Set(ROWS_AND_EVENTS.map(({ sql }) => sql)).size).toBe(ROWS_AND_EVENTS.length);
  expect(new Set(ROWS_AND_EVENTS.map(({ what }) => what)).size).toBe(ROWS_AND_EVENTS.length);
});
