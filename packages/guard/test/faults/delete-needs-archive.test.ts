import {
  agentId,
  aStart,
  aTurn,
  begin,
  openTestGuard,
  runTurn,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';

type Query = (sql: string, values?: unknown[]) => Promise<unknown>;

async function aSessionWithHistory({ guard, world }: TestGuard): Promise<{ id: string; query: Query }> {
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  await runTurn(guard, aTurn(session, attemptId), `agent-${taskId}`);
  const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  await guard.appendLogs(tokenOf(turn), [{ kind: 'stdout', line: 'kept' }]);
  for (const id of ['earlier', 'present']) await guard.reportAgentSession(tokenOf(turn), agentId(`${id} ${taskId}`));
  const { pg } = guard.database.pool;
  return { id: session.id, query: (sql, values = []) => pg.query(sql.replaceAll('$id', session.id), values) };
}

const ARCHIVE = (verified: boolean, version = 'version') => `
  insert into archives (session_id, task_id, project_id, phase, mode, agent, generation, session_created_at, deleted_at, deleted_reason,
                        feedback_count, session_version, object_key, sha256, bytes, process_count, event_count, log_count, verified_at)
  select id, task_id, gen_random_uuid(), phase, mode, agent, generation, created_at, now(), 'deleted',
         0, ${version}, 'key', sha256('x'), 1, 2, 1, 1, ${verified ? 'now()' : 'null'} from sessions where id = '$id'`;
const PARTS = [
  "delete from session_logs where session_id = '$id'",
  "delete from earlier_conversations where session_id = '$id'",
  "delete from processes where session_id = '$id'",
] as const;
const SESSION = "delete from sessions where id = '$id'";
const refused = {
  code: 'PL006',
  message: expect.stringContaining('nothing is deleted that was not proven to be kept'),
};

describe('the database refuses to delete a session by direct SQL', () => {
  test.each([
    ...PARTS,
    SESSION,
    'truncate session_logs',
    'truncate earlier_conversations',
    'truncate sessions cascade',
  ])('without an archive: %s', async (sql) => {
    await using home = await openTestGuard();
    const { query } = await aSessionWithHistory(home);
    // Refused even if no other row refers to the session any more.
    if (sql === SESSION)
      await query(
        `alter table processes disable trigger all; alter table session_logs disable trigger all;
           alter table earlier_conversations disable trigger all;
           delete from session_logs; delete from earlier_conversations; delete from processes`,
      );
    await expect(query(sql)).rejects.toMatchObject(refused);
  });

  test.each([
    ['an unverified archive', ARCHIVE(false)],
    ['an archive of an earlier version', ARCHIVE(true, 'version - 1')],
  ])('with only %s', async (_what, archive) => {
    await using home = await openTestGuard();
    const { query } = await aSessionWithHistory(home);
    await query(archive);
    for (const sql of PARTS) await expect(query(sql)).rejects.toMatchObject(refused);
  });

  test('if one of several sessions is not archived, and deletes none of them', async () => {
    await using home = await openTestGuard();
    const { query, id } = await aSessionWithHistory(home);
    const { query: other, id: otherId } = await aSessionWithHistory(home);
    await query(ARCHIVE(true));
    await expect(other(`delete from session_logs where session_id in ('${id}', '$id')`)).rejects.toMatchObject({
      message: expect.stringContaining(otherId),
    });
    expect(await query('select from session_logs')).toMatchObject({ rowCount: 2 });
  });
});

test('an archived and verified session can be deleted by direct SQL, its parts first', async () => {
  await using home = await openTestGuard();
  const { query } = await aSessionWithHistory(home);
  await query(ARCHIVE(true));
  for (const sql of [...PARTS, SESSION]) expect(await query(sql)).not.toMatchObject({ rowCount: 0 });
});
