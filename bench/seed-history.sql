-- $TASKS tasks of five sessions each, five processes a session: a plan, a verify, and a run that was replaced twice.
-- In one session of two hundred, a turn was killed before it reported its id, so the next turn resumes the id of the
-- turn before it. The history breaks no rule of the audit.
insert into tasks (id, project_id, title, created_at) select seed_id('2', t), seed_id('1', 1), 'a task', now() - interval '4 h' from generate_series(1, $TASKS) t;
insert into attempts (id, task_id, last_seq, created_at) select seed_id('3', t), seed_id('2', t), 25, now() - interval '4 h' from generate_series(1, $TASKS) t;
insert into slots (task_id, phase, mode, generation, version, live_session_id)
  select seed_id('2', t), phase, 'standard', generation, generation, seed_id('4', (t - 1) * 5 + k)
  from generate_series(1, $TASKS) t, (values ('plan', 1, 1), ('verify', 1, 2), ('run', 3, 5)) as slot(phase, generation, k);
-- A session lives an hour if it is replaced; its processes end before that.
insert into sessions (id, task_id, phase, mode, agent, model, status, generation, guarded, predecessor_id, replaced_by, agent_session_id,
                      created_at, updated_at, deleted_at, deleted_reason, version)
  select seed_id('4', n), seed_id('2', t), phase, 'standard', 'claude-code', model, 'ready', generation, true,
         case when generation > 1 then seed_id('4', n - 1) end, case when dead then seed_id('4', n + 1) end, 'agent-' || n * 5,
         born_at, born_at + interval '1 h', case when dead then born_at + interval '1 h' end, case when dead then 'model-changed' end, 12
  from generate_series(1, $TASKS) t,
       (values ('plan', 1, 1, false, 'claude-sonnet-4-5'), ('verify', 1, 2, false, 'claude-sonnet-4-5'), ('run', 1, 3, true, 'claude-sonnet-4-5'),
               ('run', 2, 4, true, 'claude-opus-4-5'), ('run', 3, 5, false, 'claude-sonnet-4-5')) as born(phase, generation, k, dead, model),
       lateral (select (t - 1) * 5 + k as n, now() - (4 - generation) * interval '1 h' as born_at) as numbered;
insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, passed_session_id, agent_session_id, agent, model, parameters,
                       generation, status, started_at, ended_at)
  select seed_id('5', (n - 1) * 5 + j), seed_id('2', (n - 1) / 5 + 1), seed_id('3', (n - 1) / 5 + 1), seed_id('4', n), ((n - 1) % 5) * 5 + j,
         case when j = 1 then 'CodingAgentInitialRequest' else 'CodingAgentFollowUpRequest' end, case when j = 1 then 'first' else 'same-model' end,
         case when j > 1 then 'agent-' || (n - 1) * 5 + case when j = 4 and n % 200 = 0 then 2 else j - 1 end end,
         case when j <> 3 or n % 200 <> 0 then 'agent-' || (n - 1) * 5 + j end, 'claude-code',
         case when n % 5 = 4 then 'claude-opus-4-5' else 'claude-sonnet-4-5' end, '{}', generation,
         case when j = 3 and n % 200 = 0 then 'killed' else 'completed' end, now() - (4 - generation) * interval '1 h' + (j * 10 - 5) * interval '1 min',
         now() - (4 - generation) * interval '1 h' + j * interval '10 min'
  from generate_series(1, $TASKS * 5) n, generate_series(1, 5) j, lateral (select case n % 5 when 4 then 2 when 0 then 3 else 1 end as generation) as born;
-- In the order of time, as the service writes them.
insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, detail, at)
  select * from (
    select task_id, phase, mode, id, case when predecessor_id is null then 'created' else 'replaced' end,
           case when predecessor_id is null then 'first' else 'model-changed' end, generation, predecessor_id, null::jsonb, created_at as at
    from sessions
    union all
    select s.task_id, s.phase, s.mode, s.id, 'turn-started', p.reason, s.generation, null,
           jsonb_build_object('process_id', p.id, 'seq', p.seq, 'attempt_id', p.attempt_id), p.started_at
    from processes p join sessions s on s.id = p.session_id
    union all
    select s.task_id, s.phase, s.mode, s.id, 'turn-finished', p.status, s.generation, null, jsonb_build_object('process_id', p.id), p.ended_at
    from processes p join sessions s on s.id = p.session_id
  ) told order by at;
-- Vacuum marks rows as all-visible only after their commit is on disk, and the commits are asynchronous.
checkpoint;
vacuum (analyze) processes;
vacuum (analyze) sessions;
vacuum (analyze) session_events;
vacuum (analyze) slots;
vacuum (analyze) attempts;
vacuum (analyze) tasks;
