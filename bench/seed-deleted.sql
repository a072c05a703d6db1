-- $SESSIONS sessions that were deleted 40 days ago, each with two processes, six events and a log of 25 lines (8 kB).
insert into tasks (id, project_id, title) select seed_id('2', t), seed_id('1', 1), 'a task' from generate_series(1, $SESSIONS) t;
insert into attempts (id, task_id, last_seq) select seed_id('3', t), seed_id('2', t), 2 from generate_series(1, $SESSIONS) t;
insert into slots (task_id, phase, mode, generation, version) select seed_id('2', t), 'run', 'standard', 1, 2 from generate_series(1, $SESSIONS) t;
insert into sessions (id, task_id, phase, mode, agent, model, status, generation, guarded, agent_session_id, created_by, created_at, updated_at, deleted_at, deleted_reason, version)
  select seed_id('4', n), seed_id('2', n), 'run', 'standard', 'claude-code', 'claude-sonnet-4-5', 'ready', 1, true, 'agent-' || n, 'ada',
         now() - interval '41 days', now() - interval '40 days', now() - interval '40 days' + n * interval '1 ms', 'deleted', 6
  from generate_series(1, $SESSIONS) n;
insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, passed_session_id, agent_session_id, agent, model, parameters,
                       generation, status, started_at, ended_at)
  select seed_id('5', n * 2 + j), seed_id('2', n), seed_id('3', n), seed_id('4', n), j,
         case when j = 1 then 'CodingAgentInitialRequest' else 'CodingAgentFollowUpRequest' end, case when j = 1 then 'first' else 'same-model' end,
         case when j = 2 then 'agent-' || n end, 'agent-' || n, 'claude-code', 'claude-sonnet-4-5', '{}', 1, 'completed',
         now() - interval '41 days', now() - interval '40 days'
  from generate_series(1, $SESSIONS) n, generate_series(1, 2) j;
insert into session_events (task_id, phase, mode, session_id, type, generation, actor, detail, at)
  select seed_id('2', n), 'run', 'standard', seed_id('4', n), type, 1, 'ada', jsonb_build_object('process_id', seed_id('5', n)), now() - interval '41 days'
  from generate_series(1, $SESSIONS) n,
       unnest(array['created', 'turn-started', 'turn-finished', 'turn-started', 'turn-finished', 'deleted']) with ordinality as e(type, nth) order by nth, n;
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
