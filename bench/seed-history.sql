-- Tasks $FIRST to $LAST of five sessions each, five processes a session: a plan, a verify, and a run that was replaced twice.
-- In one session of two hundred, a turn was killed before it reported its id, so the next turn resumes the id of the
-- turn before it. The history breaks no rule of the audit. A task takes four times $LIFE, in which a session lives at
-- most $LIFE; the tasks end one after the other during $SPREAD, the last one at $NOW.
insert into tasks (id, project_id, title, created_at)
  select seed_id('2', t), seed_id('1', 1), 'a task',
         timestamptz '$NOW' - 4 * interval '$LIFE' - interval '$SPREAD' * (($LAST - t)::float8 / ($LAST - $FIRST + 1))
  from generate_series($FIRST, $LAST) t;
insert into attempts (id, task_id, last_seq, created_at)
  select seed_id('3', t), k.id, 25, k.created_at from generate_series($FIRST, $LAST) t join tasks k on k.id = seed_id('2', t);
insert into slots (task_id, phase, mode, generation, version, live_session_id)
  select seed_id('2', t), phase, 'standard', generation, generation, seed_id('4', (t - 1) * 5 + k)
  from generate_series($FIRST, $LAST) t, (values ('plan', 1, 1), ('verify', 1, 2), ('run', 3, 5)) as slot(phase, generation, k);
insert into sessions (id, task_id, phase, mode, agent, model, status, generation, guarded, predecessor_id, replaced_by, agent_session_id,
                      created_at, updated_at, deleted_at, deleted_reason, version)
  select seed_id('4', n), seed_id('2', t), phase, 'standard', 'claude-code', model, 'ready', generation, true,
         case when generation > 1 then seed_id('4', n - 1) end, case when dead then seed_id('4', n + 1) end, 'agent-' || n * 5,
         born_at, born_at + interval '$LIFE', case when dead then born_at + interval '$LIFE' end, case when dead then 'model-changed' end, 12
  from generate_series($FIRST, $LAST) t join tasks task on task.id = seed_id('2', t),
       (values ('plan', 1, 1, false, 'claude-sonnet-4-5'), ('verify', 1, 2, false, 'claude-sonnet-4-5'), ('run', 1, 3, true, 'claude-sonnet-4-5'),
               ('run', 2, 4, true, 'claude-opus-4-5'), ('run', 3, 5, false, 'claude-sonnet-4-5')) as born(phase, generation, k, dead, model),
       lateral (select (t - 1) * 5 + k as n, task.created_at + generation * interval '$LIFE' as born_at) as numbered;
-- The processes of a session end before it does.
insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, passed_session_id, agent_session_id, agent, model, parameters,
                       generation, status, started_at, ended_at)
  select seed_id('5', (n - 1) * 5 + j), s.task_id, seed_id('3', (n - 1) / 5 + 1), s.id, ((n - 1) % 5) * 5 + j,
         case when j = 1 then 'CodingAgentInitialRequest' else 'CodingAgentFollowUpRequest' end, case when j = 1 then 'first' else 'same-model' end,
         case when j > 1 then 'agent-' || (n - 1) * 5 + case when j = 4 and n % 200 = 0 then 2 else j - 1 end end,
         case when j <> 3 or n % 200 <> 0 then 'agent-' || (n - 1) * 5 + j end, s.agent, s.model, '{}', s.generation,
         case when j = 3 and n % 200 = 0 then 'killed' else 'completed' end,
         s.created_at + (j * 10 - 5) * interval '$LIFE' / 60, s.created_at + j * interval '$LIFE' / 6
  from generate_series(($FIRST - 1) * 5 + 1, $LAST * 5) n join sessions s on s.id = seed_id('4', n), generate_series(1, 5) j;
-- With the details and the chains that this release writes, in the order of time. `id` and `tx` are no part
-- of a hash.
insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, detail, at, place, hash)
  select (e).task_id, (e).phase, (e).mode, (e).session_id, (e).type, (e).reason, (e).generation, (e).predecessor_id, (e).detail, (e).at, (e).place, hash
  from (
    select e, pg_temp.seed_chain(e) over (partition by (e).session_id order by (e).place) as hash
    from (
      select row(null, task_id, phase, mode, session_id, type, reason, generation, predecessor_id, null, detail, at, null,
                 row_number() over (partition by session_id order by at), null)::session_events as e
      from (
        select task_id, phase, mode, id as session_id, case when predecessor_id is null then 'created' else 'replaced' end as type,
               case when predecessor_id is null then 'first' else 'model-changed' end as reason, generation, predecessor_id,
               birth_detail(model_detail(agent, variant, model, resolved_model, parameters), null, null) as detail, created_at as at
        from sessions where id between seed_id('4', ($FIRST - 1) * 5 + 1) and seed_id('4', $LAST * 5)
        union all
        select s.task_id, s.phase, s.mode, s.id, told.type, told.reason, s.generation, null, told.detail, told.at
        from processes p join sessions s on s.id = p.session_id,
             lateral (values
               ('turn-started', p.reason, p.started_at,
                jsonb_build_object('process_id', p.id, 'seq', p.seq, 'attempt_id', p.attempt_id, 'action', p.action,
                                   'passed_session_id', p.passed_session_id, 'pre_retry_session_id', p.pre_retry_session_id, 'skip_context', p.skip_context,
                                   'takes_up', null, 'lost_session_id', null,
                                   'model', model_detail(p.agent, p.variant, p.model, p.resolved_model, p.parameters))),
               ('turn-finished', p.status, p.ended_at, ended_detail(p) || jsonb_build_object('invalidates', false))) as told(type, reason, at, detail)
        where s.id between seed_id('4', ($FIRST - 1) * 5 + 1) and seed_id('4', $LAST * 5)
      ) events
    ) placed
  ) chained order by (e).at;
-- Vacuum marks rows as all-visible only after their commit is on disk, and the commits are asynchronous.
checkpoint;
vacuum (analyze) processes;
vacuum (analyze) sessions;
vacuum (analyze) session_events;
vacuum (analyze) slots;
vacuum (analyze) attempts;
vacuum (analyze) tasks;
