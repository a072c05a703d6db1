import type { SessionId, TaskId } from '@phaselock/core';
import {
  aStart,
  aTurn,
  begin,
  eventually,
  OPUS,
  openTestGuard,
  replaceBy,
  runTurn,
  SONNET,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { type History, healthyHistory } from '../../test/healthy-history.ts';
import { eraseSession, rechain, removeLogLine, rewriteHistory } from '../../test/rewrite-history.ts';
import { sealHistory } from '../../test/seal-history.ts';
import { auditOwnDatabase } from '../audit-own-database.ts';
import type { Finding } from '../finding.ts';
import { RULES } from '../rules.ts';
import type { OpenedSeal } from './open-seal.ts';

async function findAll(url: string, against?: OpenedSeal): Promise<readonly Finding[]> {
  const { findings, summary } = await auditOwnDatabase(url, {
    chain: true,
    ...(against !== undefined && { against }),
  });
  expect(summary.incomplete).toEqual([]);
  return findings.filter(({ severity }) => severity !== 'info');
}

/** Rules on rows and events may report a rewritten history too; here it is judged by its chains and the seal alone. */
const findEvidence = async (url: string, against?: OpenedSeal): Promise<readonly Finding[]> =>
  (await findAll(url, against)).filter(({ rule }) => RULES[rule].family === 'evidence');

const told = (findings: readonly Finding[]): string[] =>
  findings.map(({ rule, severity, subject }) => `${rule} ${severity} ${subject.kind} ${subject.id}`).toSorted();

type Planted = {
  readonly home: TestGuard;
  /** A slot with a session and its successor, and a session in another slot. */
  readonly history: History;
  readonly plan: string;
  /** Two tasks with a session that was never used. */
  readonly unused: readonly [Unused, Unused];
  /** A process with a log, alone in its session. */
  readonly logged: { readonly sessionId: string; readonly processId: string };
  /** Appends a line to that log. */
  readonly late: () => Promise<unknown>;
};
type Unused = { readonly taskId: TaskId; readonly sessionId: SessionId };

async function plant(home: TestGuard): Promise<Planted> {
  const { guard, world } = home;
  const history = await healthyHistory(home);
  const plans = await guard.list({ taskId: history.taskId, phase: 'plan' }, { limit: 1 });
  const unusedSession = async (): Promise<Unused> => {
    const taskId = await world.task();
    return { taskId, sessionId: (await begin(guard, aStart(taskId, SONNET))).id };
  };
  const unused = [await unusedSession(), await unusedSession()] as const;
  const taskId = await world.task();
  const session = await begin(guard, aStart(taskId, SONNET));
  const started = startedOf(await guard.startTurn(aTurn(session, await world.attempt(taskId))));
  await guard.appendLogs(tokenOf(started), [
    { kind: 'stdout', line: 'one' },
    { kind: 'stdout', line: 'two' },
  ]);
  await guard.finishTurn({ ...tokenOf(started), ending: 'completed', exitCode: 0 });
  return {
    home,
    history,
    plan: plans.sessions[0]?.id ?? '',
    unused,
    logged: { sessionId: session.id, processId: started.processId },
    late: () => guard.appendLogs(tokenOf(started), [{ kind: 'stdout', line: 'late' }]),
  };
}

/** Each rewrites the history so that everything in the database agrees again. */
const REWRITES: Readonly<
  Record<string, (planted: Planted) => { readonly sql: readonly string[]; readonly named: readonly string[] }>
> = {
  'the newest session of a slot erased, and the counter of the slot lowered': ({ history }) => ({
    sql: [
      ...eraseSession(history.second),
      `update slots set generation = 1, live_session_id = '${history.first}' where live_session_id = '${history.second}'`,
      `update sessions set deleted_at = null, deleted_reason = null, replaced_by = null, status = 'ready' where id = '${history.first}'`,
      `update attempts set last_seq = (select max(seq) from processes where attempt_id = '${history.attemptId}') where id = '${history.attemptId}'`,
    ],
    named: [`SV604 error session ${history.second}`, `SV604 error slot ${history.taskId}/run/standard`],
  }),
  'the earlier generation of a slot dropped': ({ history }) => ({
    sql: [
      ...eraseSession(history.first),
      `update slots set generation = 1 where live_session_id = '${history.second}'`,
      `update sessions set generation = 1, predecessor_id = null where id = '${history.second}'`,
      `update processes set generation = 1, reason = case seq when 3 then 'first' else reason end where session_id = '${history.second}'`,
      `update session_events set generation = 1, predecessor_id = null, type = case type when 'replaced' then 'created' else type end,
         reason = case when type = 'replaced' or detail ->> 'seq' = '3' and type = 'turn-started' then 'first' else reason end
       where session_id = '${history.second}'`,
      rechain(history.second),
    ],
    named: [
      `SV603 error session ${history.second}`,
      `SV604 error session ${history.first}`,
      `SV604 error slot ${history.taskId}/run/standard`,
    ],
  }),
  'the actor of an event forged': ({ history }) => ({
    sql: [
      `update session_events set actor = 'another user' where session_id = '${history.first}' and type = 'created'`,
      `update sessions set created_by = 'another user' where id = '${history.first}'`,
      rechain(history.first),
    ],
    named: [`SV603 error session ${history.first}`, `SV603 error slot ${history.taskId}/run/standard`],
  }),
  'a log line removed': ({ logged: { sessionId, processId } }) => ({
    sql: [...removeLogLine(processId), rechain(sessionId)],
    named: [`SV603 error session ${sessionId}`],
  }),
  'the time of an event moved': ({ history }) => ({
    sql: [
      `update session_events set at = at - interval '1 microsecond' where session_id = '${history.second}' and place = 5`,
      `update processes set ended_at = ended_at - interval '1 microsecond' where session_id = '${history.second}' and seq = 4`,
      rechain(history.second),
    ],
    named: [`SV603 error session ${history.second}`],
  }),
  'the last event of a session removed': ({ history }) => ({
    sql: [
      `delete from session_events where session_id = '${history.second}' and place = 5`,
      `update processes set status = 'running', ended_at = null, exit_code = null, agent_session_id = null where session_id = '${history.second}' and seq = 4`,
      `update sessions set status = 'running', lease_expires_at = now() + interval '1 hour',
         agent_session_id = (select agent_session_id from processes where session_id = '${history.second}' and seq = 3) where id = '${history.second}'`,
    ],
    named: [`SV603 error session ${history.second}`],
  }),
  'the events of two sessions exchanged': ({ unused: [one, other] }) => ({
    sql: [
      `update session_events e set at = o.at, actor = o.actor from session_events o
       where (e.session_id, o.session_id) in (('${one.sessionId}', '${other.sessionId}'), ('${other.sessionId}', '${one.sessionId}'))`,
      `update sessions s set created_at = e.at, updated_at = e.at from session_events e
       where e.session_id = s.id and s.id in ('${one.sessionId}', '${other.sessionId}')`,
      rechain(one.sessionId),
      rechain(other.sessionId),
    ],
    named: [one, other].flatMap(({ taskId, sessionId }) => [
      `SV603 error session ${sessionId}`,
      `SV603 error slot ${taskId}/run/standard`,
    ]),
  }),
  'a session moved to another task': ({ unused: [one, other] }) => ({
    sql: [
      ...eraseSession(one.sessionId),
      `update session_events set task_id = '${one.taskId}' where session_id = '${other.sessionId}'`,
      `update sessions set task_id = '${one.taskId}' where id = '${other.sessionId}'`,
      `delete from slots where task_id = '${other.taskId}'`,
      `update slots set live_session_id = '${other.sessionId}' where task_id = '${one.taskId}'`,
      rechain(other.sessionId),
    ],
    named: [
      `SV603 error slot ${one.taskId}/run/standard`,
      `SV604 error session ${one.sessionId}`,
      `SV604 error session ${other.sessionId}`,
      `SV604 error slot ${other.taskId}/run/standard`,
    ],
  }),
  'a whole task erased': ({ history, plan }) => ({
    sql: [
      ...[history.first, history.second, plan].flatMap(eraseSession),
      ...['attempts', 'slots'].map((table) => `delete from ${table} where task_id = '${history.taskId}'`),
      `delete from tasks where id = '${history.taskId}'`,
    ],
    named: [
      ...[history.first, history.second, plan].map((id) => `SV604 error session ${id}`),
      ...['plan', 'run'].map((phase) => `SV604 error slot ${history.taskId}/${phase}/standard`),
    ],
  }),
};

describe('a history that was rewritten consistently', () => {
  test.each(Object.keys(REWRITES))('with %s is named by the seal, and not by its chains', async (name) => {
    await using home = await openTestGuard();
    const planted = await plant(home);
    const sealed = await sealHistory(home.databaseUrl);
    const rewrite = REWRITES[name]?.(planted);
    await rewriteHistory(home.databaseUrl, rewrite?.sql ?? []);
    expect(told(await findEvidence(home.databaseUrl))).toEqual([]);
    expect(told(await findEvidence(home.databaseUrl, sealed))).toEqual(rewrite?.named.toSorted());
  });

  test('with an event added behind the sealed ones is named if its time is before the seal', async () => {
    await using home = await openTestGuard();
    const { unused, history } = await plant(home);
    const sealed = await sealHistory(home.databaseUrl);
    const { sessionId } = unused[0];
    await home.guard.softDelete({ sessionId });
    expect(told(await findEvidence(home.databaseUrl, sealed))).toEqual([]);
    await rewriteHistory(home.databaseUrl, [
      `update session_events set at = at - interval '1 day' where session_id = '${sessionId}' and type = 'deleted'`,
      rechain(sessionId),
    ]);
    const found = await findEvidence(home.databaseUrl, sealed);
    // The transaction shows that the event was written later, so the clock may have been set back.
    expect(told(found)).toEqual([`SV603 warning session ${sessionId}`]);
    await rewriteHistory(home.databaseUrl, [
      `update session_events set tx = (select tx from session_events where session_id = '${history.first}' and place = 1) where session_id = '${sessionId}'`,
    ]);
    const forged = await findEvidence(home.databaseUrl, sealed);
    expect(told(forged)).toEqual([`SV603 error session ${sessionId}`]);
  });

  test('with log lines appended to a process that ended long before the seal is not accused', async () => {
    await using home = await openTestGuard();
    const { logged, late } = await plant(home);
    const { sessionId } = logged;
    const ago = `- interval '1 day'`;
    await rewriteHistory(home.databaseUrl, [
      `update session_events set at = at ${ago} where session_id = '${sessionId}'`,
      `update processes set started_at = started_at ${ago}, ended_at = ended_at ${ago} where session_id = '${sessionId}'`,
      `update sessions set created_at = created_at ${ago}, updated_at = updated_at ${ago} where id = '${sessionId}'`,
      rechain(sessionId),
    ]);
    const sealed = await sealHistory(home.databaseUrl);
    await late();
    expect(told(await findEvidence(home.databaseUrl, sealed))).toEqual([]);
    await rewriteHistory(home.databaseUrl, [
      `update session_events set tx = (select min(tx) from session_events) where session_id = '${sessionId}' and type = 'logs-appended'`,
    ]);
    expect(told(await findEvidence(home.databaseUrl, sealed))).toEqual([`SV603 error session ${sessionId}`]);
  });

  test('with a session invented after the seal is named if its birth is dated before the seal', async () => {
    await using home = await openTestGuard();
    await plant(home);
    const sealed = await sealHistory(home.databaseUrl);
    const { id } = await begin(home.guard, aStart(await home.world.task(), SONNET));
    expect(told(await findEvidence(home.databaseUrl, sealed))).toEqual([]);
    await rewriteHistory(home.databaseUrl, [
      `update session_events set at = at - interval '1 day' where session_id = '${id}'`,
      `update sessions set created_at = created_at - interval '1 day', updated_at = updated_at - interval '1 day' where id = '${id}'`,
      rechain(id),
    ]);
    expect(told(await findEvidence(home.databaseUrl, sealed))).toEqual([`SV603 warning session ${id}`]);
    await rewriteHistory(home.databaseUrl, [
      `update session_events set tx = (select min(tx) from session_events) where session_id = '${id}'`,
    ]);
    expect(told(await findEvidence(home.databaseUrl, sealed))).toEqual([`SV603 error session ${id}`]);
  });

  test('with a session invented without hashes is named', async () => {
    await using home = await openTestGuard();
    await plant(home);
    const sealed = await sealHistory(home.databaseUrl);
    const { id } = await begin(home.guard, aStart(await home.world.task(), SONNET));
    await rewriteHistory(home.databaseUrl, [
      `update session_events set place = null, hash = null where session_id = '${id}'`,
      'update event_chain_progress set finished_at = null',
    ]);
    expect(told(await findEvidence(home.databaseUrl))).toEqual([]);
    expect(told(await findEvidence(home.databaseUrl, sealed))).toEqual([`SV603 error session ${id}`]);
  });

  test('with all hashes of a session removed is named', async () => {
    await using home = await openTestGuard();
    const { history } = await plant(home);
    const sealed = await sealHistory(home.databaseUrl);
    await rewriteHistory(home.databaseUrl, [
      `update session_events set place = null, hash = null where session_id = '${history.first}'`,
      'update event_chain_progress set finished_at = null',
    ]);
    expect(told(await findEvidence(home.databaseUrl))).toEqual([]);
    expect(told(await findEvidence(home.databaseUrl, sealed))).toEqual([
      `SV603 error session ${history.first}`,
      `SV604 error slot ${history.taskId}/run/standard`,
    ]);
  });
});

describe('an audit that begins after a seal', () => {
  const since = async (url: string, { seal }: OpenedSeal) =>
    told((await auditOwnDatabase(url, { wanted: { kind: 'since-seal', seal } })).findings);

  test('reads the tasks with later events, completely, and no others', async () => {
    await using home = await openTestGuard();
    const { history, unused, logged } = await plant(home);
    // A transaction of another test on this server may hold the snapshot back; then earlier tasks are read too.
    const sealed = await eventually(async () => {
      const made = await sealHistory(home.databaseUrl);
      const { rows } = await home.guard.database.pool.pg.query<{ all: boolean }>(
        'select bool_and(tx < pg_snapshot_xmin($1::pg_snapshot)) as all from session_events',
        [made.seal.snapshot],
      );
      if (rows[0]?.all !== true) throw new Error('an earlier transaction is still running');
      return made;
    });
    expect(await since(home.databaseUrl, sealed)).toEqual([]);
    await runTurn(
      home.guard,
      aTurn(await begin(home.guard, aStart(history.taskId, OPUS)), history.attemptId),
      `later-${history.taskId}`,
    );
    await rewriteHistory(home.databaseUrl, [
      `update session_events set actor = 'another user' where session_id in ('${history.first}', '${logged.sessionId}') and place = 1`,
      `update sessions set created_by = 'another user' where id in ('${history.first}', '${unused[0].sessionId}')`,
    ]);
    expect(await since(home.databaseUrl, sealed)).toEqual([`SV601 error session ${history.first}`]);
  });

  test('checks the schema once, however many tasks have later events', async () => {
    await using home = await openTestGuard();
    const sealed = await sealHistory(home.databaseUrl);
    await rewriteHistory(home.databaseUrl, ['drop index sessions_one_live']);
    expect(await since(home.databaseUrl, sealed)).toEqual(['SV303 error object index sessions.sessions_one_live']);
    await rewriteHistory(home.databaseUrl, [
      `insert into session_events (task_id, phase, mode, session_id, type, reason, generation, at)
         select gen_random_uuid(), 'run', 'standard', gen_random_uuid(), 'created-beside', 'first', 0, now() from generate_series(1, 1200)`,
    ]);
    expect((await since(home.databaseUrl, sealed)).filter((one) => one.startsWith('SV303'))).toHaveLength(1);
  });

  test('is refused after a restore, which numbers the transactions anew', async () => {
    await using home = await openTestGuard();
    const { seal } = await sealHistory(home.databaseUrl);
    const later = { ...seal, snapshot: '999999999:999999999:' };
    await expect(auditOwnDatabase(home.databaseUrl, { wanted: { kind: 'since-seal', seal: later } })).rejects.toThrow(
      'was restored since the seal',
    );
  });
});

describe('a true history', () => {
  test('that went on after the seal has no finding', async () => {
    await using home = await openTestGuard();
    const { guard, world } = home;
    const { history, unused } = await plant(home);
    const sealed = await sealHistory(home.databaseUrl);
    expect(told(await findAll(home.databaseUrl, sealed))).toEqual([]);
    const third = await replaceBy(guard, aStart(history.taskId, SONNET));
    await runTurn(guard, aTurn(third, history.attemptId), `third-${history.taskId}`);
    await guard.softDelete({ sessionId: unused[0].sessionId });
    await healthyHistory(home);
    const debug = await begin(guard, aStart(await world.task(), OPUS, { mode: 'debug' }));
    await guard.closeSession({ sessionId: debug.id, generation: debug.generation, how: 'stop' });
    expect(told(await findAll(home.databaseUrl, sealed))).toEqual([]);
    // A later seal contains what the earlier one does.
    expect(told(await findAll(home.databaseUrl, await sealHistory(home.databaseUrl)))).toEqual([]);
  });

  test('of which a session was purged keeps its chain, because events are never removed', async () => {
    await using home = await openTestGuard();
    const { history } = await plant(home);
    const sealed = await sealHistory(home.databaseUrl);
    await rewriteHistory(home.databaseUrl, [
      `insert into archives (session_id, task_id, project_id, phase, mode, agent, variant, model, generation, session_created_at, deleted_at, deleted_reason,
                             feedback_count, session_version, object_key, sha256, bytes, process_count, event_count, log_count, predecessor_id, replaced_by,
                             verified_at, purged_at, expires_at)
       select s.id, task_id, project_id, phase, mode, agent, variant, model, generation, s.created_at, deleted_at, deleted_reason, 0, version, s.id::text,
              sha256('x'), 1, 2, 6, 0, predecessor_id, replaced_by, now(), now(), now() + interval '1 year'
       from sessions s join tasks t on t.id = s.task_id where s.id = '${history.first}'`,
      `delete from processes where session_id = '${history.first}'`,
      `delete from sessions where id = '${history.first}'`,
    ]);
    expect(told(await findAll(home.databaseUrl, sealed))).toEqual([]);
    await rewriteHistory(home.databaseUrl, [
      `update session_events set actor = 'another user' where session_id = '${history.first}' and place = 2`,
      rechain(history.first),
    ]);
    expect(told(await findAll(home.databaseUrl, sealed))).toEqual([`SV603 error session ${history.first}`]);
  });

  test('of which some sessions were chained only after the seal has no finding', async () => {
    await using home = await openTestGuard();
    const { history } = await plant(home);
    await rewriteHistory(home.databaseUrl, [
      `update session_events set place = null, hash = null, at = at - interval '1 day' where session_id = '${history.first}'`,
      'update event_chain_progress set finished_at = null',
    ]);
    const sealed = await sealHistory(home.databaseUrl);
    expect(sealed.seal).toMatchObject({ unchained: 5, sessions: 5 });
    await rewriteHistory(home.databaseUrl, [
      rechain(history.first),
      'update event_chain_progress set finished_at = now()',
    ]);
    const found = await findEvidence(home.databaseUrl, sealed);
    expect(told(found)).toEqual([]);
  });

  test('of more sessions than one statement compares is compared completely', async () => {
    await using home = await openTestGuard();
    const { history } = await plant(home);
    await rewriteHistory(home.databaseUrl, [
      `insert into session_events (task_id, phase, mode, session_id, type, reason, generation, at)
         select gen_random_uuid(), 'run', 'standard', gen_random_uuid(), 'created', 'first', 1, now() - interval '1 day' from generate_series(1, 2500)`,
      'select chain_session(task_id, session_id) from session_events where hash is null',
    ]);
    const sealed = await sealHistory(home.databaseUrl);
    expect(sealed.seal).toMatchObject({ sessions: 2_506, slots: 2_505 });
    const seals = (findings: readonly Finding[]) =>
      findings.filter(({ rule }) => rule === 'SV603' || rule === 'SV604').length;
    expect(seals(await findAll(home.databaseUrl, sealed))).toBe(0);
    await rewriteHistory(home.databaseUrl, [
      `delete from session_events where task_id <> '${history.taskId}' and abs(hashtext(session_id::text)) % 2 = 0`,
    ]);
    const left = await sealHistory(home.databaseUrl);
    expect(seals(await findAll(home.databaseUrl, sealed))).toBe(2 * (sealed.seal.sessions - left.seal.sessions));
  });
});
