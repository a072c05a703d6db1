import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyRepairs } from '../../../test/apply-repairs.ts';
import { type PlantedHistory, plantInEveryLife } from '../../../test/plant-in-every-life.ts';
import { rechain } from '../../../test/rewrite-history.ts';
import { auditOwnDatabase } from '../../audit-own-database.ts';
import type { Finding } from '../../finding.ts';

let history: PlantedHistory;
beforeAll(async () => {
  history = await plantInEveryLife();
});
afterAll(() => history[Symbol.asyncDispose]());

const audited = async (): Promise<readonly Finding[]> =>
  (await auditOwnDatabase(history.home.databaseUrl, { chain: true })).findings;

const lastOf = (session: string): string =>
  `(select p.id from processes p where p.session_id = '${session}' order by p.seq desc limit 1)`;

test.each([
  [
    'the action and the id that a process passed',
    `update processes set action = 'CodingAgentInitialRequest', passed_session_id = null where id = ${lastOf('$successor')}`,
  ],
  [
    'the id that a process passed',
    `update processes set passed_session_id = 'another' where id = ${lastOf('$deleted')}`,
  ],
  ['a skipped context', `update processes set skip_context = false where session_id = '$skipped' and skip_context`],
  ['the id of a retry', `update processes set pre_retry_session_id = null where session_id = '$retried'`],
  ['an exit code', `update processes set exit_code = 7 where session_id = '$replaced' and exit_code = 0`],
  ['the milestone of a session', `update sessions set milestone_id = 'M2' where id = '$milestone'`],
  ['the predecessor of a session', `update sessions set predecessor_id = null where id = '$successor'`],
  [
    'usage, on the session and its process',
    `update sessions set turns = turns - 1 where id = '$alone'; update processes set turns = turns - 1 where session_id = '$alone'`,
  ],
  [
    'the model of a session and of all its processes',
    `update sessions set model = E'o\\u0027p\\u001b\\\\us', resolved_model = null where id = '$plan'; update processes set model = E'o\\u0027p\\u001b\\\\us', resolved_model = null where session_id = '$plan'`,
  ],
  [
    'the model of a session that was kept for another one',
    `update sessions set model = 'claude-opus-4-5' where id = '$kept'`,
  ],
  [
    'the conversation of a process',
    `update processes set agent_session_id = null where session_id = '$plan'; update sessions set agent_session_id = null where id = '$plan'`,
  ],
])('restores %s', async (_, sql) => {
  await using _planted = await history.plant([sql]);
  const found = await audited();
  expect(found.length).toBeGreaterThan(0);
  const { pg } = history.home.guard.database.pool;
  expect(await applyRepairs(pg, found), JSON.stringify(found)).toBe(1);
  expect(await audited()).toEqual([]);
  expect(await applyRepairs(pg, found)).toBe(0);
});

test('nothing is restored from events that are not chained', async () => {
  await using _planted = await history.plant([
    `update session_events set place = null, hash = null where session_id = '$plan'`,
    `update sessions set created_by = 'mallory' where id = '$plan'`,
  ]);
  const found = await audited();
  expect(found.find(({ rule }) => rule === 'SV209')).toMatchObject({
    repair: null,
    repairNote: expect.stringMatching(/^no safe repair: not all events of the session are chained/),
  });
});

test('no row of an archived session is changed', async () => {
  await using _planted = await history.plant([
    `update sessions set archived_at = now(), created_by = 'mallory' where id = '$deleted'`,
  ]);
  const found = await audited();
  expect(found.find(({ rule }) => rule === 'SV209')).toMatchObject({
    repair: null,
    repairNote: expect.stringMatching(/^no safe repair: the session is archived already/),
  });
});

test('the time of a deletion that was read again for its event stays', async () => {
  await using _planted = await history.plant([
    `update session_events set at = at + interval '3 microseconds' where session_id = '$deleted' and type = 'deleted'`,
    rechain('$deleted'),
    `update sessions set created_by = 'mallory' where id = '$deleted'`,
  ]);
  const found = await audited();
  const { pg } = history.home.guard.database.pool;
  const deletedAt = async () =>
    (await pg.query('select deleted_at::text from sessions where deleted_at is not null order by id')).rows;
  const before = await deletedAt();
  expect(await applyRepairs(pg, found)).toBe(1);
  expect(await audited()).toEqual([]);
  expect(await deletedAt()).toEqual(before);
});
