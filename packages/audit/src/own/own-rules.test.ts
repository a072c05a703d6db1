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
import { ROWS_AND_EVENTS } from '../../test/planted/rows-and-events.ts';
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
    session_id = 's.id',
    processes = '2',
    events = '(select count(*) from session_events e where e.session_id = s.id or e.predecessor_id = s.id)',
    verified_at = 'now()',
    purged_at = 'null',
    expires_at = "now() + interval '1 year'",
  } = given;
  return `insert into archives (session_id, task_id, project_id, phase, mode, agent, variant, model, generation, predecessor_id, replaced_by,
                                session_created_at, deleted_at, deleted_reason, feedback_count, session_version, object_key, sha256, bytes,
                                process_count, event_count, log_count, verified_at, purged_at, expires_at)
    select ${session_id}, task_id, project_id, phase, mode, agent, variant, model, generation, predecessor_id, replaced_by,
           s.created_at, coalesce(deleted_at, now()), coalesce(deleted_reason, 'deleted'), 0, version, 'key', sha256('x'), 1,
           ${processes}, ${events}, 0, ${verified_at}, ${purged_at}, ${expires_at}
    from sessions s join tasks t on t.id = s.task_id where s.id = '$first'`;
};

/** SQL that archives and purges the first session, and then changes the record. */
const purged = (change: string): string => `
  set session_replication_role = replica; ${archived({ purged_at: 'now()' })};
  delete from processes where session_id = '$first'; delete from sessions where id = '$first';
  update archives set ${change}`;

const WRONG_PREDECESSOR = `alter table session_events disable trigger all;
     update session_events set predecessor_id = '$second' where session_id = '$first' and type = 'created';
     alter table session_events enable trigger all`;

/** Moves the end of a process, with its event. */
const longer = (session: string, seq: number): string => `alter table session_events disable trigger all;
     update session_events e set at = e.at + interval '1 hour' from processes p
       where p.session_id = '${session}' and p.seq = ${seq} and e.type = 'turn-finished' and e.detail ->> 'process_id' = p.id::text;
     update processes set ended_at = ended_at + interval '1 hour' where session_id = '${session}' and seq = ${seq};
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
     with another as (
       insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at, version)
       select gen_random_uuid(), task_id, phase, mode, agent, 'ready', 0, true, now(), now(), 2 from sessions where id = '$second' returning *)
     insert into session_events (task_id, phase, mode, session_id, type, reason, generation, at)
       select task_id, phase, mode, id, 'adopted', 'collapsed', generation, now() from another`,
  ],
  SV202: [
    `update slots set live_session_id = '$first' where live_session_id = '$second'`,
    `update slots set live_session_id = null where live_session_id = '$second'`,
  ],
  SV203: [
    `update sessions set replaced_by = null where id = '$first'`,
    `update sessions set predecessor_id = gen_random_uuid() where id = '$second'; alter table session_events disable trigger all;
     update session_events e set predecessor_id = s.predecessor_id from sessions s where s.id = '$second' and e.session_id = s.id and e.type = 'replaced';
     insert into session_events (task_id, phase, mode, session_id, type, reason, generation, at)
       select task_id, phase, mode, id, 'deleted', deleted_reason, generation, deleted_at from sessions where id = '$first';
     update sessions set replaced_by = null where id = '$first'; alter table session_events enable trigger all`,
  ],
  SV204: [
    `insert into session_events (task_id, phase, mode, session_id, type, generation, at)
       select task_id, phase, mode, id, 'deleted', generation, deleted_at from sessions where id = '$first'`,
  ],
  SV205: [`update slots set generation = generation + 1 where live_session_id = '$second'`],
  SV206: [
    // Without its successors, whose processes would overlap.
    `set session_replication_role = replica;
     update processes set started_at = started_at + interval '1 hour', ended_at = ended_at + interval '1 hour' where session_id = '$first' and seq = 2;
     update session_events e set at = e.at + interval '1 hour' from processes p
       where p.session_id = '$first' and p.seq = 2 and e.detail ->> 'process_id' = p.id::text;
     delete from processes where session_id = '$second';
     delete from session_events where session_id = '$second' and type in ('turn-started', 'turn-finished');
     update sessions set status = 'pending', agent_session_id = null where id = '$second'`,
  ],
  SV207: [
    `update sessions set lease_expires_at = now() + interval '3 days', status = 'running' where id = '$second';
     update processes set status = 'running', ended_at = null where session_id = '$second' and seq = 4;
     alter table session_events disable trigger all;
     delete from session_events e using processes p
       where p.session_id = '$second' and p.seq = 4 and e.type = 'turn-finished' and e.detail ->> 'process_id' = p.id::text;
     alter table session_events enable trigger all`,
  ],
  SV208: [
    // Overlaps in one session, and between the sessions of a slot.
    longer('$first', 1),
    longer('$first', 2),
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
     where session_id = '$second' and seq = 4;
     update sessions set agent_session_id = (select agent_session_id from sessions where id = '$first') where id = '$second'`,
  ],
  SV402: [`update sessions set agent_session_id = 'another' where id = '$second'`],
  SV404: [
    `update sessions set status = 'completed', version = version + 1 where id = '$second';
     insert into session_events (task_id, phase, mode, session_id, type, reason, generation, at)
       select task_id, phase, mode, id, 'closed', 'completed', generation, now() from sessions where id = '$second'`,
  ],
  SV501: [
    archived({ session_id: 'gen_random_uuid()', processes: 0, events: 0, verified_at: 'null', purged_at: 'now()' }),
  ],
  SV502: [
    `set session_replication_role = replica;
     update tasks set created_at = created_at - interval '40 days';
     update attempts set created_at = created_at - interval '40 days';
     update sessions set created_at = created_at - interval '40 days', updated_at = updated_at - interval '40 days', deleted_at = deleted_at - interval '40 days';
     update processes set started_at = started_at - interval '40 days', ended_at = ended_at - interval '40 days';
     update session_events set at = at - interval '40 days'`,
  ],
  SV503: [
    archived({ processes: 7 }),
    archived({ events: 2 }),
    purged('process_count = process_count + 1'),
    purged('event_count = event_count - 1'),
  ],
  SV505: [
    `insert into archive_claims (session_id, task_id, failures, error_text, dead_at) select id, task_id, 4, 'no room', now() from sessions where id = '$first'`,
  ],
  SV506: [archived({ expires_at: "now() - interval '9 days'" })],
  SV509: [
    // The record of a session that is still in the database.
    ...[
      'task_id = gen_random_uuid()',
      'project_id = gen_random_uuid()',
      `phase = 'plan'`,
      `mode = 'debug'`,
      'generation = 7',
      `agent = 'codex'`,
      `variant = 'another'`,
      `model = 'another'`,
      `predecessor_id = '$second'`,
      'replaced_by = null',
      `session_created_at = session_created_at - interval '1 s'`,
      `deleted_at = deleted_at + interval '1 s'`,
      `deleted_reason = 'deleted'`,
    ].map((change) => `${archived({})}; update archives set ${change}`),
    // The tombstone of a session that was purged.
    ...[
      'task_id = gen_random_uuid()',
      'project_id = gen_random_uuid()',
      `phase = 'plan'`,
      `mode = 'debug'`,
      'generation = 7',
      `predecessor_id = '$second'`,
      'replaced_by = null',
      `session_created_at = session_created_at - interval '1 s'`,
      `deleted_at = deleted_at - interval '1 hour'`,
      `deleted_reason = 'deleted'`,
    ].map(purged),
    // A live session, and one that never was.
    archived({ processes: 2 }).replaceAll('$first', '$second'),
    archived({ session_id: 'gen_random_uuid()' }),
    archived({ session_id: 'gen_random_uuid()', purged_at: 'now()' }),
  ],
  SV511: [
    purged('removing_at = now(), removed_at = now()'),
    purged(`removing_at = now(), expires_at = now() - interval '1 s', legal_hold = true, hold_reason = 'a case'`),
    `${archived({ expires_at: 'now()' })}; update archives set removing_at = now()`,
  ],
};

/** Rules that report the same corruption as well: the one for SV201 drops an index. */
const BESIDE: Readonly<Partial<Record<RuleId, readonly RuleId[]>>> = { SV201: ['SV303'] };

test('a purged session and its tombstone leave no finding', async () => {
  await using home = await openTestGuard();
  const { first, second } = await healthyHistory(home);
  const client = await home.guard.database.pool.pg.connect();
  await client.query(purged('legal_hold = false').replaceAll('$first', first).replaceAll('$second', second));
  client.release(true);
  expect(await findAll(home.databaseUrl)).toEqual([]);
});

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
  const planted = new Set(ROWS_AND_EVENTS.flatMap(({ rules }) => rules));
  const elsewhere: readonly RuleId[] = [
    'SV108',
    'SV304',
    'SV403',
    'SV405',
    'SV407',
    'SV408',
    'SV409',
    'SV504',
    'SV507',
    'SV508',
    'SV510',
    'SV901',
    'SV902',
  ];
  // Planted in chains.test.ts and compare-with-seal.test.ts.
  const evidence: readonly RuleId[] = ['SV601', 'SV602', 'SV603', 'SV604', 'SV605', 'SV606'];
  const known = [...elsewhere, ...evidence];
  const missing = RULE_IDS.filter((id) => CORRUPTIONS[id] === undefined && !planted.has(id) && !known.includes(id));
  expect(missing).toEqual([]);
});
