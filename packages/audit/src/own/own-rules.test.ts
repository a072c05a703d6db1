import {
  agentId,
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
  tokenOf,
} from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { healthyHistory } from '../../test/healthy-history.ts';
import { auditOwnDatabase } from '../audit-own-database.ts';
import type { Finding } from '../finding.ts';
import { RULE_IDS, type RuleId } from '../rules.ts';

async function findAll(url: string): Promise<readonly Finding[]> {
  const { findings, summary } = await auditOwnDatabase(url);
  expect(summary.incomplete).toEqual([]);
  return findings;
}

/** SQL for a correct archive of the first session, with some values replaced. */
const archived = (given: Readonly<Record<string, string | number>>): string => {
  const {
    session_id = 'id',
    processes = '2',
    events = '(select count(*) from session_events e where e.session_id = s.id or e.predecessor_id = s.id)',
    verified_at = 'now()',
    purged_at = 'null',
    expires_at = "now() + interval '1 year'",
  } = given;
  return `insert into archives (session_id, task_id, project_id, phase, mode, agent, generation, session_created_at, deleted_at, deleted_reason,
                                feedback_count, session_version, object_key, sha256, bytes, process_count, event_count, log_count,
                                verified_at, purged_at, expires_at)
    select ${session_id}, task_id, gen_random_uuid(), phase, mode, agent, generation, created_at, deleted_at, deleted_reason,
           0, version, 'key', sha256('x'), 1, ${processes}, ${events}, 0, ${verified_at}, ${purged_at}, ${expires_at}
    from sessions s where s.id = '$first'`;
};

const WRONG_PREDECESSOR = `alter table session_events disable trigger all;
     update session_events set predecessor_id = '$second' where session_id = '$first' and type = 'created';
     alter table session_events enable trigger all`;

/**
 * SQL that corrupts a healthy history, by the rule that must report it. `$first` is the replaced session, `$second` its
 * successor.
 */
const CORRUPTIONS: Readonly<Partial<Record<RuleId, readonly string[]>>> = {
  SV101: [`update processes set model = 'claude-opus-4-5' where session_id = '$first' and seq = 2`],
  SV103: [`update processes set passed_session_id = 'nobody-said-this' where session_id = '$second' and seq = 4`],
  SV104: [
    `update processes set action = 'CodingAgentFollowUpRequest', passed_session_id = 'made-up' where session_id = '$second' and seq = 3`,
    `update processes set action = 'CodingAgentInitialRequest', passed_session_id = null, model = 'claude-haiku-4-5' where session_id = '$second' and seq = 4`,
  ],
  SV102: [
    `update processes set action = 'CodingAgentInitialRequest', passed_session_id = null where session_id = '$second' and seq = 4`,
  ],
  SV105: [`update processes set skip_context = true where session_id = '$second' and seq = 4`],
  SV106: [
    `alter table session_events disable trigger all; delete from session_events where session_id = '$first' and type = 'created'; alter table session_events enable trigger all`,
    WRONG_PREDECESSOR,
  ],
  SV107: [
    `update processes set agent_session_id = null where session_id = '$second' and seq = 3;
     update processes set action = 'CodingAgentInitialRequest', passed_session_id = null where session_id = '$second' and seq = 4`,
  ],
  SV201: [
    `drop index sessions_one_live;
     insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at)
       select gen_random_uuid(), task_id, phase, mode, agent, 'ready', 0, true, now(), now() from sessions where id = '$second'`,
  ],
  SV202: [
    `update slots set live_session_id = '$first' where live_session_id = '$second'`,
    `update slots set live_session_id = null where live_session_id = '$second'`,
  ],
  SV203: [
    `update sessions set replaced_by = null where id = '$first'`,
    `update sessions set predecessor_id = gen_random_uuid() where id = '$second'; alter table session_events disable trigger all;
     update session_events e set predecessor_id = s.predecessor_id from sessions s where s.id = '$second' and e.session_id = s.id and e.type = 'replaced';
     insert into session_events (task_id, phase, mode, session_id, type, generation, at)
       select task_id, phase, mode, id, 'deleted', generation, deleted_at from sessions where id = '$first';
     update sessions set replaced_by = null where id = '$first'; alter table session_events enable trigger all`,
  ],
  SV204: [
    `insert into session_events (task_id, phase, mode, session_id, type, generation, at)
       select task_id, phase, mode, id, 'deleted', generation, deleted_at from sessions where id = '$first'`,
  ],
  SV205: [`update slots set generation = generation + 1 where live_session_id = '$second'`],
  SV206: [`update processes set started_at = started_at + interval '1 hour' where session_id = '$first' and seq = 2`],
  SV207: [`update sessions set lease_expires_at = now() + interval '3 days' where id = '$second'`],
  SV208: [
    // Overlaps in one session, and between the sessions of a slot.
    `update processes set ended_at = ended_at + interval '1 hour' where session_id = '$first' and seq = 1`,
    `update processes set ended_at = ended_at + interval '1 hour' where session_id = '$first' and seq = 2`,
    `update processes set status = 'running', ended_at = null where session_id = '$second' and seq = 3`,
  ],
  SV301: [
    `update processes set task_id = gen_random_uuid() where session_id = '$second' and seq = 4`,
    `set session_replication_role = replica; update processes set attempt_id = gen_random_uuid() where session_id = '$second' and seq = 4`,
    `set session_replication_role = replica; delete from tasks`,
  ],
  SV302: [
    `insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at, deleted_at, deleted_reason)
       select gen_random_uuid(), task_id, phase, mode, agent, 'ready', 0, false, now(), now(), now(), 'deleted' from sessions where id = '$second'`,
  ],
  SV303: [
    `drop index sessions_one_live`,
    `drop trigger session_events_append_only on session_events`,
    `alter table processes drop constraint processes_session_id_fkey`,
  ],
  SV401: [
    `update processes set agent_session_id = (select agent_session_id from processes where session_id = '$first' and seq = 2)
     where session_id = '$second' and seq = 4; update sessions set agent_session_id = null where id = '$second'`,
  ],
  SV402: [`update sessions set agent_session_id = 'another' where id = '$second'`],
  SV404: [`update sessions set status = 'completed' where id = '$second'`],
  SV501: [
    archived({ session_id: 'gen_random_uuid()', processes: 0, events: 0, verified_at: 'null', purged_at: 'now()' }),
  ],
  SV502: [
    `update sessions set deleted_at = deleted_at - interval '40 days', created_at = created_at - interval '41 days' where id = '$first';
     update processes set started_at = started_at - interval '41 days', ended_at = ended_at - interval '41 days' where session_id = '$first'`,
  ],
  SV503: [archived({ processes: 7 })],
  SV505: [
    `insert into archive_claims (session_id, task_id, failures, error_text, dead_at) select id, task_id, 4, 'no room', now() from sessions where id = '$first'`,
  ],
  SV506: [archived({ expires_at: "now() - interval '9 days'" })],
};

/** Rules that report the same corruption as well: the one for SV201 drops an index. */
const BESIDE: Readonly<Partial<Record<RuleId, readonly RuleId[]>>> = { SV201: ['SV303'] };

test('a healthy history has no finding', async () => {
  await using home = await openTestGuard();
  await healthyHistory(home);
  expect(await findAll(home.databaseUrl)).toEqual([]);
});

test('a runner that reports back after its lease expired leaves no finding', async () => {
  await using home = await openTestGuard({ settings: { leaseMs: 100 } });
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId, SONNET));
  await runTurn(guard, aTurn(session, attemptId), `before-${taskId}`);
  const silent = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  const successor = await eventually(async () => startedOf(await guard.startTurn(aTurn(session, attemptId))));
  // The late report may set how the process ended, but not its agent session id, which its successor could not have
  // passed.
  const late = { ...tokenOf(silent), ending: 'completed', exitCode: 0 } as const;
  const withId = { ...late, agentSessionId: agentId(`late-${taskId}`) };
  await expect(guard.finishTurn(withId)).rejects.toMatchObject({ code: 'stale_process' });
  await guard.finishTurn(late);
  await guard.finishTurn({ ...tokenOf(successor), ending: 'completed', exitCode: 0 });
  expect(await findAll(home.databaseUrl)).toEqual([]);
});

test('a successor that is purged before its predecessor leaves no finding', async () => {
  await using home = await openTestGuard();
  const { guard, world } = home;
  const taskId = await world.task();
  await begin(guard, aStart(taskId, SONNET));
  const purged = await replaceBy(guard, aStart(taskId, OPUS));
  await replaceBy(guard, aStart(taskId, SONNET));
  const client = await guard.database.pool.pg.connect();
  // The state that the purge worker leaves if it has to retry the archive of the predecessor.
  const named = archived({ processes: 0, purged_at: 'now()' }).replaceAll('$first', purged.id);
  await client.query(`${named}; update archives a set predecessor_id = s.predecessor_id, replaced_by = s.replaced_by from sessions s where s.id = a.session_id;
    set session_replication_role = replica; delete from sessions where id = '${purged.id}'`);
  client.release(true);
  // The scope of one task uses no sieves.
  const { findings } = await auditOwnDatabase(home.databaseUrl, { wanted: { kind: 'task', given: taskId } });
  expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
});

const planted = Object.entries(CORRUPTIONS).flatMap(([rule, all]) =>
  all.map((sql, index) => [rule, index + 1, sql] as const),
);

test.each(planted)('%s is the only rule that reports its planted corruption (%i)', async (rule, _index, sql) => {
  await using home = await openTestGuard();
  const { first, second } = await healthyHistory(home);
  await healthyHistory(home);
  const { pg } = home.guard.database.pool;
  const client = await pg.connect();
  await client.query(sql.replaceAll('$first', first).replaceAll('$second', second));
  client.release(true);
  const found = new Set((await findAll(home.databaseUrl)).map((one) => one.rule));
  // An event that was removed or inserted by hand breaks its chain as well.
  found.delete('SV601');
  expect([...found].toSorted()).toEqual(
    [rule, ...(BESIDE[RULE_IDS.find((id) => id === rule) ?? 'SV101'] ?? [])].toSorted(),
  );
});

test.each([
  [
    'deleted',
    "delete from session_events where session_id = '$first' and type = 'created'",
    'it has 0 creation events',
  ],
  [
    'duplicated',
    `insert into session_events (task_id, phase, mode, session_id, type, generation, at)
       select task_id, phase, mode, session_id, type, generation, at from session_events where session_id = '$first' and type = 'created'`,
    'it has 2 creation events',
  ],
  [
    'changed to another predecessor',
    "update session_events set predecessor_id = '$second' where session_id = '$first' and type = 'created'",
    'its creation event names $second as its predecessor, but its row names no session',
  ],
])('SV106 names the fault of a creation event that was %s', async (_, sql, message) => {
  await using home = await openTestGuard();
  const { first, second } = await healthyHistory(home);
  const named = (text: string): string => text.replaceAll('$first', first).replaceAll('$second', second);
  const client = await home.guard.database.pool.pg.connect();
  await client.query(named(`set session_replication_role = replica; ${sql}`));
  client.release(true);
  const messages = (await findAll(home.databaseUrl)).filter(({ rule }) => rule === 'SV106').map((one) => one.message);
  expect(messages).toEqual([named(message)]);
});

test('every rule for phaselock databases has a planted corruption', () => {
  const elsewhere: readonly RuleId[] = ['SV108', 'SV304', 'SV403', 'SV405', 'SV504', 'SV507', 'SV901', 'SV902'];
  // Planted in chains.test.ts and compare-with-seal.test.ts.
  const evidence: readonly RuleId[] = ['SV601', 'SV602', 'SV603', 'SV604', 'SV605', 'SV606'];
  expect(RULE_IDS.filter((id) => CORRUPTIONS[id] === undefined && ![...elsewhere, ...evidence].includes(id))).toEqual(
    [],
  );
});
