import { NOTICES } from '@phaselock/core';
import { aStart, aTurn, begin, OPUS, openTestGuard, replaceBy, runTurn, SONNET } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { plant } from '../../test/kept-tables.ts';
import { openHistoryArchive } from '../../test/random-history/open-history-archive.ts';
import { auditOwnDatabase } from '../audit-own-database.ts';
import { openOwnDatabase } from './open-own-database.ts';

test('a model change of an old release is known after the replaced session was purged', async () => {
  await using home = await openTestGuard();
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const first = await begin(guard, aStart(taskId, SONNET));
  await runTurn(guard, aTurn(first, attemptId), 'first');
  const second = await replaceBy(guard, aStart(taskId, OPUS));
  const changed = await runTurn(guard, aTurn(second, attemptId), 'second');
  await runTurn(guard, aTurn(second, attemptId), 'second');
  await plant(guard.database.pool.pg, [
    `insert into archives (session_id, task_id, project_id, phase, mode, agent, generation, session_created_at, deleted_at, deleted_reason,
                           feedback_count, session_version, object_key, sha256, bytes, process_count, event_count, log_count, verified_at, purged_at)
       select s.id, s.task_id, t.project_id, s.phase, s.mode, s.agent, s.generation, s.created_at, s.deleted_at, s.deleted_reason,
              0, s.version, 'key', sha256('x'), 1, 1, 4, 0, now(), now() from sessions s join tasks t on t.id = s.task_id where s.id = '${first.id}'`,
    `delete from processes where session_id = '${first.id}'`,
    `delete from sessions where id = '${first.id}'`,
    // As releases recorded it that did not store the attempt and the change.
    `update session_events set detail = detail - 'attempt_id' - 'model_change'`,
  ]);
  const wanted = { kind: 'all' } as const;
  await using source = await openOwnDatabase({ url: home.databaseUrl, statementTimeoutMs: 60_000, wanted });
  const changes = await Array.fromAsync(source.changes());
  expect(changes.filter(({ optional }) => optional === 'no')).toMatchObject([{ id: changed.processId }]);
});

test('a model change is known after both of its sessions were purged, and SV108 judges the log by it', async () => {
  await using home = await openTestGuard();
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const first = await begin(guard, aStart(taskId, SONNET));
  await runTurn(guard, aTurn(first, attemptId), 'first');
  const second = await replaceBy(guard, aStart(taskId, OPUS));
  const changed = await runTurn(guard, aTurn(second, attemptId), 'second');
  await runTurn(guard, aTurn(second, attemptId), 'second');
  for (const { id: sessionId } of [second, first]) await guard.softDelete({ sessionId });
  await using archive = await openHistoryArchive({ purgeAfterSeconds: 0 });
  expect(await archive.purge(guard.database)).toBe(2);
  const line = JSON.stringify({
    message: NOTICES.model_changed_log,
    task_attempt_id: attemptId,
    'phaselock.process_id': changed.processId,
  });
  const heard = async (...lines: readonly string[]) => {
    const { findings } = await auditOwnDatabase(home.databaseUrl, { logs: ReadableStream.from(lines) });
    return findings.map(({ rule, subject }) => `${rule} ${subject.id}`);
  };
  expect(await heard(line)).toEqual([]);
  expect(await heard()).toEqual([`SV108 ${changed.processId}`]);
});
