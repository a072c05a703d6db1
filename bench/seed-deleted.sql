-- $SESSIONS sessions that were deleted $DELETED ago, each with two processes, six events and a log of 25 lines (8 kB). They began 41 days ago, and
-- their processes ended a day later. The history breaks no rule of the audit.
insert into tasks (id, project_id, title, created_at) select seed_id('2', t), seed_id('1', 1), 'a task', now() - interval '42 days' from generate_series(1, $SESSIONS) t;
insert into attempts (id, task_id, last_seq, created_at) select seed_id('3', t), seed_id('2', t), 2, now() - interval '42 days' from generate_series(1, $SESSIONS) t;
insert into slots (task_id, phase, mode, generation, version) select seed_id('2', t), 'run', 'standard', 1, 2 from generate_series(1, $SESSIONS) t;
insert into sessions (id, task_id, phase, mode, agent, model, status, generation, guarded, agent_session_id, created_by, created_at, updated_at, deleted_at, deleted_reason, version)
  select seed_id('4', n), seed_id('2', n), 'run', 'standard', 'claude-code', 'claude-sonnet-4-5', 'ready', 1, true, 'agent-' || n, 'ada',
         now() - interval '41 days', now() - interval '$DELETED', now() - interval '$DELETED' + n * interval '1 ms', 'deleted', 7
  from generate_series(1, $SESSIONS) n;
insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, passed_session_id, agent_session_id, agent, model, parameters,
                       generation, status, started_at, ended_at)
  select seed_id('5', n * 2 + j), s.task_id, seed_id('3', n), s.id, j,
         case when j = 1 then 'CodingAgentInitialRequest' else 'CodingAgentFollowUpRequest' end, case when j = 1 then 'first' else 'same-model' end,
         case when j = 2 then s.agent_session_id end, s.agent_session_id, s.agent, s.model, '{}', s.generation, 'completed',
         s.created_at + (j - 1) * interval '12 hours', s.created_at + j * interval '12 hours' - interval '1 hour'
  from generate_series(1, $SESSIONS) n join sessions s on s.id = seed_id('4', n), generate_series(1, 2) j;
-- With the chains that this release writes. The aggregate is used as a window function; `id` and `tx` are no part of a hash.
insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, detail, at, place, hash)
  select (e).task_id, (e).phase, (e).mode, (e).session_id, (e).type, (e).reason, (e).generation, (e).actor, (e).detail, (e).at, (e).place,
         pg_temp.seed_chain(e) over (partition by (e).session_id order by (e).place)
  from (
    select row(null, s.task_id, s.phase, s.mode, s.id, told.type, told.reason, s.generation, null, 'ada', told.detail, told.at, null,
               told.place, null)::session_events as e
    from sessions s join processes p1 on p1.session_id = s.id and p1.seq = 1 join processes p2 on p2.session_id = s.id and p2.seq = 2,
         lateral (values (1, 'created', 'first', null, s.created_at),
                         (2, 'turn-started', p1.reason, jsonb_build_object('process_id', p1.id, 'seq', p1.seq), p1.started_at),
                         (3, 'turn-finished', p1.status, jsonb_build_object('process_id', p1.id), p1.ended_at),
                         (4, 'turn-started', p2.reason, jsonb_build_object('process_id', p2.id, 'seq', p2.seq), p2.started_at),
                         (5, 'turn-finished', p2.status, jsonb_build_object('process_id', p2.id), p2.ended_at),
                         (6, 'deleted', s.deleted_reason, null, s.deleted_at)) as told(place, type, reason, detail, at)
    where s.id between seed_id('4', 1) and seed_id('4', $SESSIONS)
  ) events order by (e).session_id, (e).place;
insert into session_logs (session_id, process_id, kind, line, at)
  select seed_id('4', n), seed_id('5', n * 2 + 1), 'stdout',
         'Reading src/module-' || n % 97 || '/file-' || l || '.ts and thinking about it: ' || md5(n::text || l) || ' ' || repeat(left(md5((n + l)::text), 12) || ' is what the test said; ', 7),
         now() - interval '41 days'
  from generate_series(1, $SESSIONS) n, generate_series(1, 25) l;
vacuum (analyze) sessions;
vacuum (analyze) processes;
vacuum (analyze) session_events;
vacuum (analyze) session_logs;
vacuum (analyze) tasks;
