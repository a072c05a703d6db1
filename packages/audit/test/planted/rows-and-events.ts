import type { RuleId } from '../../src/rules.ts';
import type { PlantedRows } from './planted.ts';

const planted = (what: string, rules: RuleId | readonly [RuleId, ...RuleId[]], sql: string): PlantedRows => ({
  what,
  rules: typeof rules === 'string' ? [rules] : rules,
  sql,
});

const OTHER = `'00000000-0000-7000-8000-000000000001'`;
/** The process of a session with this place, from 1. */
const processOf = (session: string, place = 1): string =>
  `(select p.id from processes p where p.session_id = '${session}' order by p.seq offset ${place - 1} limit 1)`;
const sessionRow = (session: string, set: string): string => `update sessions set ${set} where id = '${session}'`;
const processRow = (session: string, set: string, place = 1): string =>
  `update processes set ${set} where id = ${processOf(session, place)}`;
const event = (session: string, type: string, set: string): string =>
  `update session_events set ${set} where session_id = '${session}' and type = '${type}'`;
const turnEvent = (session: string, type: string, set: string, place = 1): string =>
  `${event(session, type, set)} and detail ->> 'process_id' = ${processOf(session, place)}::text`;
const removed = (session: string, type: string): string =>
  `delete from session_events where session_id = '${session}' and type = '${type}'`;
const COLUMNS = 'task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, detail, at';
const repeated = (session: string, type: string): string =>
  `insert into session_events (${COLUMNS}) select ${COLUMNS} from session_events where session_id = '${session}' and type = '${type}' order by id limit 1`;
/** Gives an event another id, as if it had been recorded at another place. */
const renumbered = (session: string, which: string, id: string): string => `
  with moved as (delete from session_events where id = (
    select e.id from session_events e where e.session_id = '${session}' and ${which} order by e.id desc limit 1) returning *)
  insert into session_events (id, ${COLUMNS}) overriding system value select ${id}, ${COLUMNS} from moved`;

/** Adds an event of another type with the slot and the time of the newest event of a session. */
const inserted = (session: string, type: string, detail: string): string =>
  `insert into session_events (task_id, phase, mode, session_id, type, generation, detail, at)
     select task_id, phase, mode, session_id, '${type}', generation, ${detail}, at from session_events where session_id = '${session}' order by id desc limit 1`;
const withChain = (plant: PlantedRows): PlantedRows => ({ ...plant, withChain: true });

const REASONS: readonly PlantedRows[] = [
  planted(
    'a process that began a conversation has the reason of a resumed one',
    'SV109',
    `${turnEvent('$successor', 'turn-started', `reason = 'same-model'`)}; ${processRow('$successor', `reason = 'same-model'`)}`,
  ),
  planted(
    'a process that resumed a conversation has the reason of a first one',
    'SV109',
    `${turnEvent('$successor', 'turn-started', `reason = 'first'`, 2)}; ${processRow('$successor', `reason = 'first'`, 2)}`,
  ),
  planted(
    'a first process gives a model change as its reason, but its session replaced none',
    'SV109',
    `${turnEvent('$plan', 'turn-started', `reason = 'model-changed'`)}; ${processRow('$plan', `reason = 'model-changed'`)}`,
  ),
  planted(
    'a first process gives another reason than the replacement with which it began',
    'SV109',
    `${turnEvent('$skipped', 'turn-started', `reason = 'session-invalid'`)}; ${processRow('$skipped', `reason = 'session-invalid'`)}`,
  ),
];

const BIRTHS: readonly PlantedRows[] = [
  planted(
    'the time of creation of a session was changed',
    'SV209',
    sessionRow('$plan', `created_at = created_at - interval '1 s'`),
  ),
  planted('the time of a creation event was changed', 'SV209', event('$plan', 'created', `at = at - interval '1 s'`)),
  planted('a creation event has another generation', 'SV209', event('$plan', 'created', 'generation = 2')),
  planted('a creation event has another phase', 'SV209', event('$plan', 'created', `phase = 'run'`)),
  planted('a creation event has another mode', 'SV209', event('$plan', 'created', `mode = 'debug'`)),
  planted('a creation event names another actor', 'SV209', event('$replaced', 'created', `actor = 'mallory'`)),
  planted('a creation event names no actor', 'SV209', event('$replaced', 'created', 'actor = null')),
  planted('a session names another creator', 'SV209', sessionRow('$plan', `created_by = 'mallory'`)),
  planted('a creation event has another reason', 'SV209', event('$plan', 'created', `reason = 'user-request'`)),
  planted(
    'a session is recorded as replacing, but replaced none',
    'SV209',
    event('$plan', 'created', `type = 'replaced', reason = 'user-request'`),
  ),
  planted(
    'a standalone session is recorded as one beside others',
    'SV209',
    event('$alone', 'standalone-started', `type = 'created-beside'`),
  ),
  planted('a session of a slot is marked as standalone', 'SV209', sessionRow('$besideDeleted', 'standalone = true')),
  planted('a standalone session is not marked as such', 'SV209', sessionRow('$milestone', 'standalone = false')),
  planted('a session outside the guard has two creation events', 'SV209', repeated('$besideDeleted', 'created-beside')),
  planted('the event of an adoption was removed', 'SV209', removed('$adopted', 'adopted')),
  planted('a session outside the guard is marked as guarded', 'SV209', sessionRow('$besideDeleted', 'guarded = true')),
  planted('a session of the guard is marked as unguarded', 'SV209', sessionRow('$replaced', 'guarded = false')),
  planted('the creation event of a session was removed', 'SV106', removed('$plan', 'created')),
  planted('a session has two creation events', 'SV106', repeated('$plan', 'created')),
  planted(
    'a creation event names another predecessor',
    'SV106',
    event('$plan', 'created', `predecessor_id = '$replaced'`),
  ),
];

const ENDS: readonly PlantedRows[] = [
  planted(
    'the time of a replacement was changed on the replaced session',
    'SV210',
    sessionRow('$replaced', `deleted_at = deleted_at + interval '1 ms', updated_at = updated_at + interval '1 ms'`),
  ),
  planted(
    'the time of a deletion event was changed',
    'SV210',
    event('$deleted', 'deleted', `at = at + interval '1 hour'`),
  ),
  planted('a replaced session has another reason', 'SV210', sessionRow('$replaced', `deleted_reason = 'user-request'`)),
  planted(
    'the event of a replacement has another reason',
    'SV210',
    event('$minorTo', 'replaced', `reason = 'session-invalid'`),
  ),
  planted('a deletion event has another reason', 'SV210', event('$deleted', 'deleted', `reason = 'collapsed'`)),
  planted('a deletion event has another phase', 'SV210', event('$deleted', 'deleted', `phase = 'plan'`)),
  planted('a deletion event has another generation', 'SV210', event('$deleted', 'deleted', 'generation = 9')),
  planted(
    'a collapsed session names a successor that does not exist',
    'SV210',
    sessionRow('$collapsed', `replaced_by = ${OTHER}`),
  ),
  planted('a collapsed session names no successor', 'SV210', sessionRow('$collapsed', 'replaced_by = null')),
  planted(
    'the deletion event of a session outside the guard was removed',
    'SV210',
    removed('$besideDeleted', 'deleted'),
  ),
  planted(
    'a deleted session outside the guard was restored',
    'SV210',
    sessionRow('$besideDeleted', 'deleted_at = null, deleted_reason = null'),
  ),
  planted('a session outside the guard has two deletion events', 'SV210', repeated('$besideDeleted', 'deleted')),
  planted('the deletion event of a session was removed', 'SV204', removed('$deleted', 'deleted')),
  planted('a session has two deletion events', 'SV204', repeated('$deleted', 'deleted')),
  planted(
    'a deleted session was restored',
    ['SV202', 'SV204'],
    sessionRow('$deleted', 'deleted_at = null, deleted_reason = null'),
  ),
  planted('a replaced session names no successor', 'SV203', sessionRow('$replaced', 'replaced_by = null')),
  planted(
    'a slot names a session that has left it',
    'SV202',
    `update slots set live_session_id = '$replaced' where live_session_id = '$successor'`,
  ),
  planted(
    'the generation of a slot was raised',
    'SV205',
    `update slots set generation = generation + 1 where live_session_id = '$successor'`,
  ),
];

const ONE_MORE_CHANGE = (session: string): string => sessionRow(session, 'version = version + 1');

const TURNS: readonly PlantedRows[] = [
  planted('the event of the start of a process was removed', 'SV211', removed('$plan', 'turn-started')),
  planted('the event of the end of a process was removed', 'SV211', removed('$plan', 'turn-finished')),
  planted('the event of a loss was removed', 'SV211', removed('$swept', 'turn-lost')),
  planted(
    'the start of a process was recorded twice',
    'SV211',
    `${repeated('$plan', 'turn-started')}; ${ONE_MORE_CHANGE('$plan')}`,
  ),
  planted(
    'the end of a process was recorded twice',
    'SV211',
    `${repeated('$plan', 'turn-finished')}; ${ONE_MORE_CHANGE('$plan')}`,
  ),
  planted('the loss of a process was recorded twice', 'SV211', repeated('$swept', 'turn-lost')),
  planted(
    'an event names a process that never was',
    'SV211',
    event('$plan', 'turn-finished', `detail = jsonb_set(detail, '{process_id}', to_jsonb(${OTHER}::text))`),
  ),
  planted('an event of a process names none', 'SV211', event('$plan', 'turn-started', 'detail = null')),
  planted('a process was removed', 'SV211', `delete from processes where session_id = '$swept'`),
  planted(
    'a process was added',
    'SV211',
    `insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, passed_session_id, agent_session_id, agent, variant, model, resolved_model,
                            parameters, generation, status, started_at, ended_at)
       select ${OTHER}, task_id, attempt_id, session_id, 99, 'CodingAgentFollowUpRequest', 'same-model', agent_session_id, agent_session_id, agent, variant, model,
              resolved_model, parameters, generation, status, ended_at, ended_at from processes where session_id = '$plan';
     update attempts set last_seq = 99 where id = '$attempt'`,
  ),
  planted(
    'a process has another number',
    'SV211',
    `${processRow('$debug', 'seq = seq + 50')}; update attempts set last_seq = last_seq + 50 where id = '$attempt'`,
  ),
  planted(
    'the event of a start gives another number',
    'SV211',
    event('$plan', 'turn-started', `detail = jsonb_set(detail, '{seq}', '77')`),
  ),
  planted('a process has another reason', 'SV211', processRow('$successor', `reason = 'first'`, 2)),
  planted(
    'the event of a start gives another reason',
    'SV211',
    event('$plan', 'turn-started', `reason = 'user-request'`),
  ),
  planted('a process has another start', 'SV211', processRow('$running', `started_at = started_at + interval '1 ms'`)),
  planted(
    'the event of a start has another time',
    'SV211',
    event('$running', 'turn-started', `at = at + interval '1 ms'`),
  ),
  planted(
    'a process belongs to another attempt of its task',
    'SV211',
    `insert into attempts (id, task_id, last_seq) values (${OTHER}, '$task', 99); ${processRow('$plan', `attempt_id = ${OTHER}`)}`,
  ),
  planted('a process has another ending', 'SV211', processRow('$plan', `status = 'failed'`)),
  planted('the event of an end gives another ending', 'SV211', event('$plan', 'turn-finished', `reason = 'killed'`)),
  planted('a process that ended is marked as lost', 'SV211', processRow('$plan', `status = 'lost'`)),
  planted('a lost process is marked as completed', 'SV211', processRow('$swept', `status = 'completed'`)),
  planted('the end of a process was moved', 'SV211', processRow('$plan', `ended_at = ended_at + interval '1 s'`)),
  planted('the event of an end was moved', 'SV211', event('$plan', 'turn-finished', `at = at + interval '1 s'`)),
  planted(
    'the end of a lost process was moved',
    'SV211',
    processRow('$swept', `ended_at = ended_at + interval '1 hour'`),
  ),
  planted('the event of a start has another generation', 'SV211', event('$plan', 'turn-started', 'generation = 7')),
  planted('the event of an end has another phase', 'SV211', event('$plan', 'turn-finished', `phase = 'run'`)),
  planted(
    'a process that ended is marked as running',
    ['SV211', 'SV217'],
    processRow('$plan', `status = 'running', ended_at = null`),
  ),
  planted(
    'an event of a process is recorded for another task',
    ['SV211', 'SV301'],
    event('$plan', 'turn-finished', `task_id = '$endsTask'`),
  ),
];

const NEVER_WAS = `jsonb_build_object('process_id', ${OTHER}::text)`;

/** Reports of processes that never were, and marks without the event that explains them. */
const MARKS: readonly PlantedRows[] = [
  withChain(
    planted(
      'a report of a conversation names a process that never was',
      'SV211',
      inserted('$plan', 'conversation-told', NEVER_WAS),
    ),
  ),
  withChain(
    planted('booked usage names a process that never was', 'SV211', inserted('$plan', 'usage-booked', NEVER_WAS)),
  ),
  withChain(
    planted(
      'appended logs name a process of another session',
      'SV211',
      inserted('$plan', 'logs-appended', `jsonb_build_object('process_id', ${processOf('$debug')}::text)`),
    ),
  ),
  withChain(planted('a report names no process', 'SV211', inserted('$plan', 'usage-booked', `'{}'`))),
  withChain(
    planted(
      'a report of a purged session names a process that never was',
      'SV211',
      `${inserted('$gone', 'conversation-told', NEVER_WAS)}; update archives set event_count = event_count + 1 where session_id = '$gone'`,
    ),
  ),
  planted('a process is marked as taken back, but no retry followed', 'SV211', processRow('$plan', 'dropped = true')),
  planted(
    'the process whose conversation a retry resumed is marked as taken back',
    'SV211',
    processRow('$retried', 'dropped = true'),
  ),
  planted(
    'a conversation that no agent lost is marked as lost',
    'SV211',
    processRow('$replaced', 'invalidated = true', 2),
  ),
  planted(
    'a session continues an earlier conversation, but its processes do not',
    'SV211',
    sessionRow('$plan', `taken_up = 'another'`),
  ),
  planted(
    'a session continues another conversation than its first process',
    ['SV104', 'SV211'],
    sessionRow('$takenUp', `taken_up = 'another'`),
  ),
  planted(
    'a session names the beginning of a conversation that it does not continue',
    'SV211',
    sessionRow('$plan', `conversation_of = '$replaced'`),
  ),
  planted(
    'a session names another beginning of the conversation that it continues',
    ['SV211', 'SV401'],
    sessionRow('$takenUp', `conversation_of = '$skipped'`),
  ),
  planted('a session is marked as kept, but nothing kept it', 'SV211', sessionRow('$plan', 'kept_through = 0')),
  planted(
    'a session without a process is marked as kept, but nothing kept it',
    'SV211',
    sessionRow('$pending', 'kept_through = 0'),
  ),
  planted('a session was kept after another process', 'SV211', sessionRow('$kept', 'kept_through = kept_through + 1')),
  planted(
    'a session that was kept for another model is not marked as kept',
    ['SV211', 'SV214'],
    sessionRow('$kept', 'kept_through = null'),
  ),
  planted('the event of a kept session was removed', 'SV211', removed('$kept', 'kept')),
];

const ORDER: readonly PlantedRows[] = [
  planted(
    'the creation of a session is recorded after its first process',
    'SV212',
    renumbered('$plan', `e.type = 'created'`, '(select max(id) + 100 from session_events)'),
  ),
  planted(
    'the start of a process is recorded after the deletion of its session',
    'SV212',
    renumbered('$deleted', `e.type = 'turn-started'`, '(select max(id) + 100 from session_events)'),
  ),
  planted(
    'the start of a process is recorded after the replacement of its session',
    'SV212',
    renumbered('$replaced', `e.type = 'turn-started'`, '(select max(id) + 100 from session_events)'),
  ),
  planted(
    'the creation of a purged session is recorded after its process',
    'SV212',
    renumbered('$gone', `e.type = 'created'`, '(select max(id) + 100 from session_events)'),
  ),
  planted(
    'a process ended before it started',
    'SV213',
    `${turnEvent('$plan', 'turn-finished', `at = at - interval '1 hour'`)}; ${processRow('$plan', `ended_at = ended_at - interval '1 hour'`)}`,
  ),
  planted(
    'a process started before its session was created',
    'SV213',
    `${event('$running', 'turn-started', `at = at - interval '1 hour'`)}; ${processRow('$running', `started_at = started_at - interval '1 hour'`)}`,
  ),
  planted(
    'a process of a collapsed session ended after a process of its successor had started',
    'SV208',
    `${event('$collapsed', 'turn-finished', `at = at + interval '1 hour'`)}; ${processRow('$collapsed', `ended_at = ended_at + interval '1 hour'`)}`,
  ),
  planted(
    'a process ended after the first process of the successor of its session had started',
    'SV208',
    `${turnEvent('$changed', 'turn-finished', `at = at + interval '1 hour'`)}; ${processRow('$changed', `ended_at = ended_at + interval '1 hour'`)}`,
  ),
  planted(
    'a session ended before it was created',
    'SV213',
    sessionRow('$closed', `ended_at = created_at - interval '1 hour'`),
  ),
  planted(
    'a session was last changed before it was created',
    'SV213',
    sessionRow('$plan', `updated_at = created_at - interval '1 s'`),
  ),
  planted(
    'a session was deleted before it was created',
    ['SV206', 'SV213'],
    `${sessionRow('$deleted', `deleted_at = deleted_at - interval '1 hour'`)}; ${event('$deleted', 'deleted', `at = at - interval '1 hour'`)}`,
  ),
  planted(
    'a process starts in the future',
    'SV213',
    `${event('$running', 'turn-started', `at = at + interval '3 days'`)}; ${processRow('$running', `started_at = started_at + interval '3 days'`)}`,
  ),
  planted(
    'a session was changed in the future',
    'SV213',
    sessionRow('$plan', `updated_at = updated_at + interval '3 days'`),
  ),
  withChain(
    planted(
      'an event has an earlier time than the one before it',
      'SV213',
      event('$kept', 'kept', `at = at - interval '1 hour'`),
    ),
  ),
  planted('an event is of the future', 'SV213', event('$closed', 'closed', `at = at + interval '3 days'`)),
  planted(
    'a task was created after its session',
    'SV213',
    `update tasks set created_at = created_at + interval '3 days' where id = '$endsTask'`,
  ),
  planted(
    'an attempt was created after its process',
    'SV213',
    `update attempts set created_at = created_at + interval '3 days' where id = '$endsAttempt'`,
  ),
];

const IDENTITIES: readonly PlantedRows[] = [
  planted('a process has another generation than its session', 'SV214', processRow('$plan', 'generation = 7')),
  planted(
    'a session has another model than its processes',
    'SV214',
    sessionRow('$plan', `model = 'claude-opus-4-5', resolved_model = 'claude-opus-4-5'`),
  ),
  planted('a session has another agent than its processes', 'SV214', sessionRow('$plan', `agent = 'codex'`)),
  planted(
    'a session has other parameters than its processes',
    'SV214',
    sessionRow('$plan', `parameters = '{"temperature": 1}'`),
  ),
  planted(
    'the model that the name of a session stood for was changed',
    'SV214',
    sessionRow('$plan', `resolved_model = 'claude-opus-4-5'`),
  ),
  planted(
    'the only process of a session has another model',
    'SV214',
    processRow('$plan', `model = 'claude-opus-4-5', resolved_model = 'claude-opus-4-5'`),
  ),
  planted(
    'a replacement with almost the same model is recorded as a model change',
    'SV215',
    `${sessionRow('$minor', `deleted_reason = 'model-changed'`)}; ${event('$minorTo', 'replaced', `reason = 'model-changed'`)}`,
  ),
  planted(
    'a session that replaced another because of a model change has the same model',
    'SV215',
    `${sessionRow('$successor', `model = 'claude-sonnet-4-5', resolved_model = 'claude-sonnet-4-5'`)};
     update processes set model = 'claude-sonnet-4-5', resolved_model = 'claude-sonnet-4-5' where session_id = '$successor'`,
  ),
];

const STATES: readonly PlantedRows[] = [
  planted(
    'a lease expired an hour ago, and the process is still recorded as running',
    'SV216',
    sessionRow('$running', `lease_expires_at = now() - interval '1 hour'`),
  ),
  planted('a session is marked as running without a process', 'SV217', sessionRow('$plan', `status = 'running'`)),
  planted('a session with a running process is marked as ready', 'SV217', sessionRow('$running', `status = 'ready'`)),
  planted(
    'a session without a running process holds a lease',
    'SV217',
    sessionRow('$plan', `lease_expires_at = now() + interval '1 minute'`),
  ),
  planted('a process runs without a lease', 'SV217', sessionRow('$running', 'lease_expires_at = null')),
  planted('a session that had a process is marked as pending', 'SV217', sessionRow('$minorTo', `status = 'pending'`)),
  planted(
    'a session that waits for its predecessor is marked as ready',
    'SV217',
    sessionRow('$pending', `status = 'ready'`),
  ),
  planted(
    'a session is marked as completed, but nothing closed it',
    'SV217',
    sessionRow('$plan', `status = 'completed', ended_at = updated_at`),
  ),
  planted('a closed session is marked as ready', 'SV217', sessionRow('$closed', `status = 'ready', ended_at = null`)),
  planted('a closed session has another status', 'SV217', sessionRow('$closed', `status = 'failed'`)),
  planted(
    'the end of a closed session was moved',
    'SV217',
    sessionRow('$closed', `ended_at = ended_at + interval '1 ms'`),
  ),
  planted(
    'the event that closed a session was moved',
    'SV217',
    event('$closed', 'closed', `at = at + interval '1 ms'`),
  ),
  planted('a closed session has no end time', 'SV404', sessionRow('$closed', 'ended_at = null')),
  planted('a session that did not end has an end time', 'SV404', sessionRow('$plan', 'ended_at = updated_at')),
  planted('a lease runs for days', 'SV207', sessionRow('$running', `lease_expires_at = now() + interval '3 days'`)),
];

const TOTALS: readonly PlantedRows[] = [
  planted('the tokens of a session were raised', 'SV305', sessionRow('$replaced', 'input_tokens = input_tokens + 1')),
  planted('the cost of a session was lowered', 'SV305', sessionRow('$successor', 'cost_usd_micros = 0')),
  planted('the usage of a process was removed', 'SV305', processRow('$replaced', 'turns = 0')),
  planted(
    'tokens of a session were moved from output to input',
    'SV305',
    sessionRow('$alone', 'input_tokens = input_tokens + 1, output_tokens = output_tokens - 1'),
  ),
  planted('usage is negative', 'SV305', `${sessionRow('$plan', 'turns = -5')}; ${processRow('$plan', 'turns = -5')}`),
  planted('a session without a process has usage', 'SV305', sessionRow('$pending', 'output_tokens = 9')),
  planted('the counter of an attempt was set back', 'SV306', `update attempts set last_seq = 0 where id = '$attempt'`),
  planted('the version of a session was set back', 'SV306', sessionRow('$replaced', 'version = 1')),
  planted(
    'a session names an outdated conversation of its own',
    'SV406',
    sessionRow(
      '$retried',
      `agent_session_id = (select p.agent_session_id from processes p where p.id = ${processOf('$retried')})`,
    ),
  ),
  planted('a session does not name its conversation', 'SV406', sessionRow('$plan', 'agent_session_id = null')),
  planted(
    'a session names a conversation that none of its processes reported',
    'SV402',
    sessionRow('$plan', `agent_session_id = 'another'`),
  ),
];

const ORPHANS: readonly PlantedRows[] = [
  planted(
    'the attempt of processes belongs to a task that does not exist',
    'SV301',
    `update attempts set task_id = ${OTHER} where id = '$endsAttempt'`,
  ),
  planted('an attempt has no task', 'SV301', `insert into attempts (id, task_id) values (gen_random_uuid(), ${OTHER})`),
  planted(
    'a slot has no task',
    'SV301',
    `insert into slots (task_id, phase, mode) values (${OTHER}, 'run', 'standard')`,
  ),
  planted('a task has no project', 'SV301', `update tasks set project_id = ${OTHER} where id = '$task'`),
  planted('a task was removed', 'SV301', `delete from tasks where id = '$endsTask'`),
  planted('a process belongs to another task', 'SV301', processRow('$plan', `task_id = ${OTHER}`)),
  planted('the attempt of a process does not exist', 'SV301', processRow('$plan', `attempt_id = ${OTHER}`)),
  planted(
    'log lines have no session',
    'SV301',
    `insert into session_logs (session_id, kind, line) values (${OTHER}, 'stdout', 'lost')`,
  ),
  planted(
    'log lines are of a process of another session',
    'SV301',
    `update session_logs set process_id = ${processOf('$plan')} where session_id = '$successor'`,
  ),
  planted(
    'log lines are of a process that never was',
    'SV301',
    `update session_logs set process_id = ${OTHER} where session_id = '$replaced'`,
  ),
  planted(
    'a log line is of no process',
    'SV301',
    `insert into session_logs (session_id, kind, line) values ('$plan', 'stdout', 'forged')`,
  ),
  planted(
    'log lines were moved to another session',
    'SV301',
    `update session_logs set session_id = '$plan' where session_id = '$replaced'`,
  ),
  planted(
    'an earlier id of a conversation has no session',
    'SV301',
    `insert into earlier_conversations (agent_session_id, process_id, session_id) values ('earlier', ${processOf('$plan')}, ${OTHER})`,
  ),
  planted(
    'an earlier id of a conversation is of a process of another session',
    'SV301',
    `insert into earlier_conversations (agent_session_id, process_id, session_id) values ('earlier', ${processOf('$plan')}, '$successor')`,
  ),
  planted(
    'feedback has no session',
    'SV301',
    `update feedback set session_id = ${OTHER} where session_id = '$replaced'`,
  ),
  planted(
    'an event is of a session that never was',
    'SV301',
    `insert into session_events (task_id, phase, mode, session_id, type, generation, at) values ('$task', 'run', 'standard', ${OTHER}, 'closed', 1, now())`,
  ),
  planted('the event of a closed session has another phase', 'SV301', event('$closed', 'closed', `phase = 'plan'`)),
  planted('the event of a kept session has another generation', 'SV301', event('$kept', 'kept', 'generation = 9')),
];

/** Corruptions of the rows and events of a phaselock database. */
export const ROWS_AND_EVENTS: readonly PlantedRows[] = [
  ...REASONS,
  ...BIRTHS,
  ...ENDS,
  ...TURNS,
  ...MARKS,
  ...ORDER,
  ...IDENTITIES,
  ...STATES,
  ...TOTALS,
  ...ORPHANS,
];
