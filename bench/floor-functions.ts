import type { Database, Statement } from '@phaselock/store';

/**
 * The floor of a replace, which is the least work it needs: the same writes to the same tables and indexes in one round
 * trip and one transaction, without checks, decisions or idempotency. Only the benchmark installs it.
 */
const REPLACE = `
  create function floor_replace(p_task_id uuid, p_phase text, p_mode text, p_session_id uuid, p_agent text, p_model text, p_parameters jsonb,
                                p_by text) returns bigint language plpgsql as $$
  declare
    v_old uuid;
    v_generation bigint;
    v_at timestamptz;
  begin
    update slots s set generation = s.generation + 1, version = s.version + 1, live_session_id = p_session_id
      where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode
      returning old.live_session_id, new.generation into v_old, v_generation;
    v_at := clock_timestamp();
    update sessions set deleted_at = v_at, deleted_reason = 'model-changed', replaced_by = p_session_id, version = version + 1, updated_at = v_at
      where id = v_old;
    insert into sessions (id, task_id, phase, mode, agent, model, parameters, status, generation, guarded, created_by, predecessor_id,
                          created_at, updated_at)
      values (p_session_id, p_task_id, p_phase, p_mode, p_agent, p_model, p_parameters, 'pending', v_generation, true, p_by, v_old, v_at, v_at);
    insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, at)
      values (p_task_id, p_phase, p_mode, p_session_id, 'replaced', 'model-changed', v_generation, v_old, p_by, v_at);
    return v_generation;
  end $$`;

/** The floor of starting a turn. A turn needs two durable writes because the agent works between them. */
const BEGIN_TURN = `
  create function floor_begin_turn(p_session_id uuid, p_attempt_id uuid, p_process_id uuid, p_agent_session_id text) returns integer
  language plpgsql as $$
  declare
    v sessions;
    v_seq integer;
    v_at timestamptz := clock_timestamp();
  begin
    update sessions s set status = 'running', lease_expires_at = v_at + interval '30 s', version = s.version + 1, updated_at = v_at
      where s.id = p_session_id returning * into v;
    update attempts a set last_seq = a.last_seq + 1 where a.id = p_attempt_id returning a.last_seq into v_seq;
    insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, passed_session_id, agent, model, parameters, generation,
                           status, started_at)
      values (p_process_id, v.task_id, p_attempt_id, p_session_id, v_seq, 'CodingAgentFollowUpRequest', 'same-model', p_agent_session_id,
              v.agent, v.model, v.parameters, v.generation, 'running', v_at);
    insert into session_events (task_id, phase, mode, session_id, type, reason, generation, detail, at)
      values (v.task_id, v.phase, v.mode, p_session_id, 'turn-started', 'same-model', v.generation,
              jsonb_build_object('process_id', p_process_id, 'seq', v_seq), v_at);
    return v_seq;
  end $$`;

const FINISH_TURN = `
  create function floor_finish_turn(p_session_id uuid, p_process_id uuid, p_agent_session_id text) returns integer language plpgsql as $$
  declare
    v sessions;
    v_at timestamptz := clock_timestamp();
  begin
    update sessions s set status = 'ready', lease_expires_at = null, version = s.version + 1, agent_session_id = p_agent_session_id, updated_at = v_at
      where s.id = p_session_id returning * into v;
    update processes p set status = 'completed', ended_at = v_at, agent_session_id = p_agent_session_id where p.id = p_process_id;
    insert into session_events (task_id, phase, mode, session_id, type, reason, generation, detail, at)
      values (v.task_id, v.phase, v.mode, p_session_id, 'turn-finished', 'completed', v.generation,
              jsonb_build_object('process_id', p_process_id), v_at);
    return v.version;
  end $$`;

/**
 * The floor of a bulk replace: a thousand replaces in one statement, without lock order or checks. Each step reads the
 * rows that the previous step returns, which fixes their order.
 */
const BULK = `
  create function floor_bulk(p_tasks uuid[], p_sessions uuid[], p_model text) returns void language plpgsql as $$
  declare
    v_at timestamptz := clock_timestamp();
  begin
    with moved as (
      update slots l set generation = l.generation + 1, version = l.version + 1, live_session_id = i.session
        from unnest(p_tasks, p_sessions) as i(task, session) where l.task_id = i.task and l.phase = 'run' and l.mode = 'standard'
        returning l.task_id, old.live_session_id as was, new.live_session_id as session, new.generation
    ), gone as (
      update sessions s set deleted_at = v_at, deleted_reason = 'model-changed', replaced_by = m.session, version = s.version + 1, updated_at = v_at
        from moved m where s.id = m.was returning m.*
    ), born as (
      insert into sessions (id, task_id, phase, mode, agent, model, parameters, status, generation, guarded, predecessor_id, created_at, updated_at)
        select g.session, g.task_id, 'run', 'standard', 'claude-code', p_model, '{}', 'pending', g.generation, true, g.was, v_at, v_at from gone g
        returning id, task_id, generation, predecessor_id
    )
    insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, at)
      select b.task_id, 'run', 'standard', b.id, 'replaced', 'model-changed', b.generation, b.predecessor_id, v_at from born b;
  end $$`;

export async function installFloors({ pool }: Database): Promise<void> {
  for (const definition of [REPLACE, BEGIN_TURN, FINISH_TURN, BULK]) await pool.pg.query(definition);
}

const call = (name: string, parameters: number): Statement => ({
  name,
  text: `select * from ${name}(${Array.from({ length: parameters }, (_, index) => `$${index + 1}`).join(', ')})`,
});

export const FLOOR_REPLACE = call('floor_replace', 8);
export const FLOOR_BEGIN_TURN = call('floor_begin_turn', 4);
export const FLOOR_FINISH_TURN = call('floor_finish_turn', 3);
export const FLOOR_BULK = call('floor_bulk', 3);
export const SELECT_ONE: Statement = { name: 'select_one', text: 'select 1' };
export const SELECT_BY_KEY: Statement = {
  name: 'select_by_key',
  text: 'select * from sessions where id = any ($1::uuid[])',
};
