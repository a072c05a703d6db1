import {
  agentId,
  aStart,
  aTurn,
  begin,
  confirmed,
  lapseLease,
  OPUS,
  openTestGuard,
  SONNET,
  SONNET_NEXT,
  shown,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { healthyHistory } from '../../test/healthy-history.ts';
import { rechain, removeLogLine, rewriteHistory } from '../../test/rewrite-history.ts';
import { sealHistory } from '../../test/seal-history.ts';
import { auditOwnDatabase } from '../audit-own-database.ts';
import type { Finding } from '../finding.ts';
import { RULES } from '../rules.ts';

type Logged = { readonly sessionId: string; readonly processId: string };

/** A session with a process that wrote a log, told its conversation and was ended. */
async function loggedHistory({ guard, world }: TestGuard): Promise<Logged> {
  const taskId = await world.task();
  const session = await begin(guard, aStart(taskId, SONNET));
  const started = startedOf(await guard.startTurn(aTurn(session, await world.attempt(taskId))));
  const token = tokenOf(started);
  await guard.appendLogs(token, [
    { kind: 'stdout', line: 'première' },
    { kind: 'stderr', line: '' },
  ]);
  await guard.finishTurn({ ...token, ending: 'completed', exitCode: 0 });
  await guard.appendLogs(token, [{ kind: 'result', line: 'said after the end' }]);
  return { sessionId: session.id, processId: started.processId };
}

async function findAll(url: string, { chain }: { readonly chain: boolean }): Promise<readonly Finding[]> {
  const { findings, summary } = await auditOwnDatabase(url, { chain });
  expect(summary.incomplete).toEqual([]);
  return findings;
}

const rulesIn = (findings: readonly Finding[]): string[] => [...new Set(findings.map(({ rule }) => rule))].toSorted();

test('a history that the service wrote has no finding, and its hashes are those that the database computed', async () => {
  await using home = await openTestGuard();
  await healthyHistory(home);
  await loggedHistory(home);
  expect(await findAll(home.databaseUrl, { chain: true })).toEqual([]);
});

/** Calls of every kind: each writes events, or values that events contain. */
async function everyKind(home: TestGuard): Promise<void> {
  const { guard, world } = home;
  const usage = { inputTokens: 10, outputTokens: 5, turns: 1, costUsdMicros: 7 };
  const atWork = async () => {
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await begin(guard, aStart(taskId));
    const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
    return { taskId, attemptId, session, token: tokenOf(turn) };
  };
  // Reports before and after the end, a retry, a model that is kept, and a replacement with a handoff.
  const long = await atWork();
  for (const id of ['one', 'two']) await guard.reportAgentSession(long.token, agentId(`${id} ${long.taskId}`));
  await guard.recordUsage(long.token, { ...usage, inputTokens: 3 });
  await guard.appendLogs(long.token, [{ kind: 'stdout', line: 'one' }]);
  await guard.finishTurn({ ...long.token, ending: 'failed', exitCode: 3, usage });
  await guard.recordUsage(long.token, { ...usage, turns: 4 });
  await guard.appendLogs(long.token, [{ kind: 'event', line: '{"two":"ü \u2028"}' }]);
  const preRetryId = agentId(`two ${long.taskId}`);
  const again = startedOf(await guard.startTurn(aTurn(long.session, long.attemptId, { preRetryId })));
  await guard.finishTurn({ ...tokenOf(again), ending: 'completed', agentSessionId: agentId(`three ${long.taskId}`) });
  await guard.start(aStart(long.taskId, SONNET_NEXT, { say: { kind: 'keep' } }));
  const kept = startedOf(await guard.startTurn(aTurn(long.session, long.attemptId)));
  await guard.finishTurn({ ...tokenOf(kept), ending: 'killed', agentSessionId: agentId(`four ${long.taskId}`) });
  const next = await begin(
    guard,
    aStart(long.taskId, OPUS, { ...confirmed(shown(long.session)), handoff: { summary: 'half done: ü' } }),
  );
  await guard.closeSession({ ...shown(next), how: 'stop' });
  // Lost processes: by the sweep with a late ending, and by the next turn.
  const swept = await atWork();
  await guard.appendLogs(swept.token, [{ kind: 'stderr', line: 'last words' }]);
  await lapseLease(home, swept.session);
  await guard.sweepLapsed();
  await guard.finishTurn({ ...swept.token, ending: 'completed', exitCode: 0 });
  const lost = await atWork();
  await guard.reportAgentSession(lost.token, agentId(`lost ${lost.taskId}`));
  await lapseLease(home, lost.session);
  await guard.startTurn(aTurn(lost.session, lost.attemptId));
  // Sessions outside of the guard, and their collapse.
  const legacyTask = await world.task();
  for (let sessions = 0; sessions < 2; sessions += 1)
    await begin(guard, aStart(legacyTask, SONNET, { guarded: false }));
  await begin(guard, aStart(legacyTask));
  await guard.beginStandalone(aStart(await world.task(), SONNET, { milestoneId: 'm-1' }));
  // Many at once, and deletions.
  const bulk = await guard.bulkStart([aStart(await world.task()), aStart(await world.task())]);
  const [first, second] = bulk.flatMap((one) => (one.kind === 'created' ? [one.session.id] : []));
  if (first === undefined || second === undefined) throw new Error('no sessions were created');
  await guard.softDelete({ sessionId: first });
  await guard.bulkDelete([second]);
}

test('calls of every kind leave no finding, and the seal of an earlier time fits', async () => {
  await using home = await openTestGuard();
  await everyKind(home);
  const sealed = await sealHistory(home.databaseUrl);
  await everyKind(home);
  const { findings, summary } = await auditOwnDatabase(home.databaseUrl, { chain: true, against: sealed });
  expect(summary.incomplete).toEqual([]);
  expect(findings.filter(({ rule }) => RULES[rule].family === 'evidence')).toEqual([]);
});

test('a history of a release before the chains has no finding, before and after it is chained', async () => {
  await using home = await openTestGuard();
  const { taskId } = await healthyHistory(home);
  await loggedHistory(home);
  // What the events and processes of such a release have: no details of migration 0024, and no digests.
  await rewriteHistory(home.databaseUrl, [
    `update session_events set place = null, hash = null,
       detail = nullif(detail - array['model', 'action', 'passed_session_id', 'pre_retry_session_id', 'skip_context', 'takes_up', 'lost_session_id',
                               'usage', 'logs', 'exit_code', 'agent_session_id', 'invalidates'], '{}')`,
    `delete from session_events where type in ('logs-appended', 'conversation-told', 'usage-booked')`,
    'alter table processes alter column log_lines drop not null',
    'update processes set log_lines = null, log_digest = null',
    'update event_chain_progress set task_id = null, finished_at = null',
  ]);
  const before = await findAll(home.databaseUrl, { chain: true });
  expect(before.map(({ rule, severity }) => [rule, severity])).toEqual([['SV606', 'info']]);
  expect(before[0]?.message).toMatch(/^\d+ events of 4 sessions are not chained yet$/);
  await rewriteHistory(home.databaseUrl, [
    `select chain_session(task_id, session_id) from (select distinct task_id, session_id from session_events where task_id = '${taskId}') s`,
  ]);
  expect(rulesIn(await findAll(home.databaseUrl, { chain: true }))).toEqual(['SV606']);
  await rewriteHistory(home.databaseUrl, [
    'select chain_session(task_id, session_id) from (select distinct task_id, session_id from session_events) s',
    'update event_chain_progress set finished_at = now()',
  ]);
  expect(await findAll(home.databaseUrl, { chain: true })).toEqual([]);
});

describe('SV601', () => {
  const changes: readonly (readonly [string, string])[] = [
    ['an actor', `update session_events set actor = 'another user' where session_id = '$first' and place = 1`],
    [
      'a time',
      `update session_events set at = at + interval '1 microsecond' where session_id = '$first' and place = 2`,
    ],
    ['a detail', `update session_events set detail = detail || '{"x": 1}' where session_id = '$first' and place = 3`],
    ['a hash', `update session_events set hash = sha256('x') where session_id = '$first' and place = 5`],
  ];
  test.each(changes)('names the session if %s of an event was changed', async (_what, sql) => {
    await using home = await openTestGuard();
    const { first } = await healthyHistory(home);
    await rewriteHistory(home.databaseUrl, [sql.replaceAll('$first', first)]);
    const found = (await findAll(home.databaseUrl, { chain: true })).filter(({ rule }) => rule.startsWith('SV6'));
    expect(found.map(({ rule, sessionId }) => [rule, sessionId])).toEqual([['SV601', first]]);
    expect(found[0]?.message).toMatch(/^event \d of 5 does not have the hash/);
  });

  const gaps: readonly (readonly [string, string])[] = [
    ['removed', `delete from session_events where session_id = '$first' and place = 3`],
    [
      'inserted',
      `insert into session_events (task_id, phase, mode, session_id, type, generation, at, place, hash)
       select task_id, phase, mode, session_id, 'kept', generation, at, place, hash from session_events where session_id = '$first' and place = 2`,
    ],
    [
      'moved to another session',
      `update session_events set session_id = '$second' where session_id = '$first' and place = 5`,
    ],
    [
      'taken out of the chain',
      `update session_events set place = null, hash = null where session_id = '$first' and place = 5`,
    ],
  ];
  test.each(gaps)('names the session without --chain too if an event was %s', async (_how, sql) => {
    await using home = await openTestGuard();
    const { first, second } = await healthyHistory(home);
    await rewriteHistory(home.databaseUrl, [sql.replaceAll('$first', first).replaceAll('$second', second)]);
    for (const chain of [false, true]) {
      const found = (await findAll(home.databaseUrl, { chain })).filter(({ rule }) => rule === 'SV601');
      expect(found.map(({ sessionId }) => sessionId)).toContain(sql.includes('$second') ? second : first);
    }
  });

  test('names a session without hashes once all earlier events are chained', async () => {
    await using home = await openTestGuard();
    const { first } = await healthyHistory(home);
    await rewriteHistory(home.databaseUrl, [
      `update session_events set place = null, hash = null where session_id = '${first}'`,
    ]);
    for (const chain of [false, true]) {
      const found = await findAll(home.databaseUrl, { chain });
      expect(found.map(({ rule, sessionId, message }) => [rule, sessionId, message])).toEqual([
        ['SV601', first, 'none of its 5 events is in a chain'],
      ]);
    }
  });

  test('reports places with gaps whose sums are those of places without', async () => {
    await using home = await openTestGuard();
    const { first } = await healthyHistory(home);
    // 1 + 5 + 6 = 2 + 3 + 7, and so are the sums of their squares.
    await rewriteHistory(home.databaseUrl, [
      `insert into session_events (task_id, phase, mode, session_id, type, reason, generation, at, place, hash)
         select task_id, phase, mode, session_id, 'usage-booked', null, generation, at, place + 4, hash from session_events
         where session_id = '${first}' and place in (2, 3, 4)`,
      `update session_events set place = case place when 1 then 2 when 5 then 3 when 6 then 7 else place end where session_id = '${first}'`,
    ]);
    const found = await findAll(home.databaseUrl, { chain: false });
    expect(found.filter(({ rule }) => rule === 'SV601').map(({ sessionId }) => sessionId)).toEqual([first]);
  });

  test('is computed without the functions of the database, which a superuser may have replaced', async () => {
    await using home = await openTestGuard();
    const { first } = await healthyHistory(home);
    await rewriteHistory(home.databaseUrl, [
      `update session_events set actor = 'another user' where session_id = '${first}' and place = 1`,
      `create or replace function event_hash(p_before bytea, e session_events) returns bytea language sql stable as 'select e.hash'`,
    ]);
    expect(rulesIn(await findAll(home.databaseUrl, { chain: true }))).toContain('SV601');
  });

  test('is not computed with functions that hide the built-in ones', async () => {
    await using home = await openTestGuard();
    await rewriteHistory(home.databaseUrl, [
      `do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$`,
    ]);
    await expect(auditOwnDatabase(home.databaseUrl)).rejects.toThrow('before pg_catalog');
  });
});

describe('SV602', () => {
  const rows: readonly (readonly [string, string])[] = [
    [
      'model',
      `update sessions set parameters = '{"forged": true}' where id = '$session'; update processes set parameters = '{"forged": true}'
       where session_id = '$session'`,
    ],
    ['handoff', `update sessions set handoff = 'never handed over' where id = '$session'`],
    ['milestone', `update sessions set milestone_id = 'another' where id = '$session'`],
    ['exit code', `update processes set exit_code = 1 where id = '$process'`],
    [
      'usage',
      `update processes set input_tokens = 70 where id = '$process'; update sessions set input_tokens = 70 where id = '$session'`,
    ],
    [
      'conversation',
      `update processes set agent_session_id = 'never told' where id = '$process'; update sessions set agent_session_id = 'never told'
       where id = '$session'`,
    ],
  ];
  test.each(rows)('reports rows that were changed to another %s', async (what, sql) => {
    await using home = await openTestGuard();
    const { sessionId, processId } = await loggedHistory(home);
    await healthyHistory(home);
    await rewriteHistory(home.databaseUrl, [sql.replaceAll('$session', sessionId).replaceAll('$process', processId)]);
    const found = (await findAll(home.databaseUrl, { chain: true })).filter(({ rule }) => rule.startsWith('SV6'));
    expect(found.length).toBeGreaterThan(0);
    for (const { rule, sessionId: of, message } of found)
      expect([rule, of, message]).toEqual(['SV602', sessionId, `its events recorded another ${what}`]);
  });
});

test('SV602 reports the tombstone of a session whose chain ends elsewhere', async () => {
  await using home = await openTestGuard();
  const { first } = await healthyHistory(home);
  const archive = (place: number): readonly string[] => [
    'delete from archives',
    `insert into archives (session_id, task_id, project_id, phase, mode, agent, variant, model, generation, session_created_at, deleted_at, deleted_reason,
                           feedback_count, session_version, object_key, sha256, bytes, process_count, event_count, log_count, replaced_by, verified_at,
                           purged_at, expires_at, chain_length, chain_hash)
     select s.id, s.task_id, t.project_id, s.phase, s.mode, agent, variant, model, s.generation, s.created_at, deleted_at, deleted_reason, 0, version,
            s.id::text, sha256('x'), 1, 2, 6, 0, replaced_by, now(), null, now() + interval '1 year', 5, e.hash
     from sessions s join tasks t on t.id = s.task_id join session_events e on e.session_id = s.id and e.place = ${place} where s.id = '${first}'`,
  ];
  await rewriteHistory(home.databaseUrl, [
    ...archive(5),
    `do $$ begin execute format('alter database %I set bytea_output = escape', current_database()); end $$`,
  ]);
  expect(await findAll(home.databaseUrl, { chain: true })).toEqual([]);
  await rewriteHistory(home.databaseUrl, archive(4));
  const found = await findAll(home.databaseUrl, { chain: true });
  expect(found.map(({ rule, subject }) => [rule, subject])).toEqual([['SV602', { kind: 'archive', id: first }]]);
});

describe('SV605', () => {
  const logs: readonly (readonly [string, string, string])[] = [
    [
      'removed',
      `delete from session_logs where id = (select max(id) from session_logs where process_id = '$process')`,
      'it has 2 log lines, and 3 were recorded',
    ],
    [
      'changed',
      `update session_logs set line = line || '!' where id = (select min(id) from session_logs where process_id = '$process')`,
      'its 3 log lines do not have the digest that was recorded',
    ],
    [
      'inserted',
      `insert into session_logs (session_id, process_id, kind, line) select session_id, id, 'stdout', 'forged' from processes where id = '$process'`,
      'it has 4 log lines, and 3 were recorded',
    ],
    [
      'exchanged',
      `update session_logs l set line = o.line, kind = o.kind from session_logs o where l.process_id = '$process' and o.process_id = l.process_id
         and o.id = (select min(id) + max(id) from session_logs where process_id = '$process') - l.id`,
      'its 3 log lines do not have the digest that was recorded',
    ],
  ];
  test.each(logs)('reports lines that were %s', async (_how, sql, message) => {
    await using home = await openTestGuard();
    const { processId } = await loggedHistory(home);
    await loggedHistory(home);
    await rewriteHistory(home.databaseUrl, [sql.replaceAll('$process', processId)]);
    const found = await findAll(home.databaseUrl, { chain: true });
    expect(found.map(({ rule, subject, message: said }) => [rule, subject.id, said])).toEqual([
      ['SV605', processId, message],
    ]);
  });

  test('reports a removed line if only the digest of the row was computed anew', async () => {
    await using home = await openTestGuard();
    const { processId } = await loggedHistory(home);
    await rewriteHistory(home.databaseUrl, removeLogLine(processId).slice(0, 2));
    expect(rulesIn(await findAll(home.databaseUrl, { chain: true }))).toEqual(['SV605']);
  });

  test('reports SV601 instead if the digest in the events was computed anew too', async () => {
    await using home = await openTestGuard();
    const { sessionId, processId } = await loggedHistory(home);
    await rewriteHistory(home.databaseUrl, removeLogLine(processId));
    expect(rulesIn(await findAll(home.databaseUrl, { chain: true }))).toEqual(['SV601']);
    // Only a seal shows a consistent change.
    await rewriteHistory(home.databaseUrl, [rechain(sessionId)]);
    expect(await findAll(home.databaseUrl, { chain: true })).toEqual([]);
  });
});
