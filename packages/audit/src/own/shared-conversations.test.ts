import { openTestGuard } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { healthyHistory } from '../../test/healthy-history.ts';
import { auditOwnDatabase } from '../audit-own-database.ts';
import type { Wanted } from './open-snapshot.ts';
import { scopeSql } from './scope.ts';
import { sharedConversationsOf, sharedEarlierConversations } from './shared-conversations.ts';

test('a conversation shared with another task is found in every scope that contains one of them', {
  timeout: 60_000,
}, async () => {
  await using home = await openTestGuard();
  const { databaseUrl } = home;
  const { pg } = home.guard.database.pool;
  const [first, later, other] = [await healthyHistory(home), await healthyHistory(home), await healthyHistory(home)];
  // The last process of the replaced session, so that no row of a live session has to change.
  const { rows } = await pg.query<{ id: string }>(
    `update processes set agent_session_id = (select agent_session_id from processes where session_id = $1 and seq = 1)
     where session_id = $2 and seq = 2 returning id`,
    [first.first, later.first],
  );
  const [process] = rows;
  const sharedIn = async (wanted: Wanted) =>
    (await auditOwnDatabase(databaseUrl, { wanted })).findings.filter(
      // As verify-sessions does for an attempt.
      ({ rule, attemptId }) => rule === 'SV401' && (wanted.kind !== 'attempt' || attemptId === wanted.given),
    );

  for (const [wanted, taskId] of [
    [{ kind: 'all' }, later.taskId],
    [{ kind: 'sample', share: 1 }, later.taskId],
    [{ kind: 'since', since: new Date(0) }, later.taskId],
    [{ kind: 'task', given: first.taskId }, first.taskId],
    [{ kind: 'task', given: later.taskId }, later.taskId],
    [{ kind: 'attempt', given: first.attemptId }, first.taskId],
    [{ kind: 'attempt', given: later.attemptId }, later.taskId],
  ] as const satisfies readonly (readonly [Wanted, string])[]) {
    const [found, ...more] = await sharedIn(wanted);
    expect(more, wanted.kind).toEqual([]);
    expect(found, wanted.kind).toMatchObject({ subject: { kind: 'process', id: process?.id }, taskId });
    expect(found?.message).toContain(`${first.first} of task ${first.taskId}`);
    expect(found?.message).toContain(`${later.first} of task ${later.taskId}`);
  }
  expect(await sharedIn({ kind: 'task', given: other.taskId })).toEqual([]);
  expect(await sharedIn({ kind: 'attempt', given: other.attemptId })).toEqual([]);
});

test('an id that a process reported before its present one counts as the id of its session', {
  timeout: 60_000,
}, async () => {
  await using home = await openTestGuard();
  const { databaseUrl } = home;
  const { pg } = home.guard.database.pool;
  const [first, later, other] = [await healthyHistory(home), await healthyHistory(home), await healthyHistory(home)];
  const { rows } = await pg.query<{ id: string }>(
    `insert into earlier_conversations (agent_session_id, process_id, session_id)
     select (select agent_session_id from processes where session_id = $1 and seq = 1), id, session_id
     from processes where session_id = $2 and seq = 2 returning process_id as id`,
    [first.first, later.first],
  );
  const sharedIn = async (wanted: Wanted) =>
    (await auditOwnDatabase(databaseUrl, { wanted })).findings.filter(({ rule }) => rule === 'SV401');
  for (const [wanted, taskId] of [
    [{ kind: 'all' }, later.taskId],
    [{ kind: 'task', given: first.taskId }, first.taskId],
    [{ kind: 'task', given: later.taskId }, later.taskId],
  ] as const satisfies readonly (readonly [Wanted, string])[]) {
    const [found, ...more] = await sharedIn(wanted);
    expect(more, wanted.kind).toEqual([]);
    expect(found, wanted.kind).toMatchObject({ subject: { kind: 'process', id: rows[0]?.id }, taskId });
    expect(found?.message).toContain(`${first.first} of task ${first.taskId}`);
  }
  expect(await sharedIn({ kind: 'task', given: other.taskId })).toEqual([]);
});

test.each([
  ['present', sharedConversationsOf],
  ['earlier', sharedEarlierConversations],
])('the %s conversations of a task are looked up by indexes, not in the whole history', async (_, check) => {
  await using home = await openTestGuard();
  const { taskId } = await healthyHistory(home);
  const { sql } = check(scopeSql({ kind: 'task', taskId }));
  const client = await home.guard.database.pool.pg.connect();
  // So small tables would be read as a whole.
  await client.query('set enable_seqscan = off');
  const { rows } = await client.query<Record<string, string>>(`explain ${sql.replaceAll('$1', `'${taskId}'`)}`);
  client.release(true);
  const plan = rows.flatMap(Object.values<string>).join('\n');
  expect(plan).toContain('processes_by_agent_session');
  expect(plan).not.toContain('Seq Scan on');
});
