-- Creates sessions with a finished turn and a log through the guard's database functions, then deletes them as a bulk
-- delete does.
create temporary table seed as
  select gen_random_uuid() as task_id, gen_random_uuid() as attempt_id, gen_random_uuid() as session_id, gen_random_uuid() as process_id, n
  from generate_series(1, $count) n;
insert into tasks (id, project_id, title) select task_id, '$project', 'task ' || n from seed;
insert into attempts (id, task_id) select attempt_id, task_id from seed;
select count(*) from open_sessions((
  select jsonb_agg(jsonb_build_object('task_id', task_id, 'phase', 'run', 'mode', 'standard', 'seen_generation', 0, 'seen_live', null, 'session_id', session_id,
                                      'agent', 'claude-code', 'variant', null, 'model', 'claude-sonnet-4-5', 'parameters', '{}'::jsonb,
                                      'created_by', 'seed', 'reason', 'first')) from seed), 60000);
select count(t.*) from seed, sessions s, begin_turn(s.id, s.generation, s.version, attempt_id, process_id, 'CodingAgentInitialRequest', 'first', null, null,
                                                false, s.agent, s.variant, s.model, s.parameters, 60000, 'seed') t where s.id = session_id;
select count(append_logs(session_id, 1, process_id, array['stdout', 'result'], array[repeat(md5(n::text) || ' ', $width), 'done ' || n])) from seed;
select count(t.*) from seed, finish_turn(session_id, 1, process_id, 'completed', array['running'], 0, 'agent-' || session_id, false, 'seed') t;
select count(*) from delete_sessions((select array_agg(session_id) from seed), 'deleted', 'seed', 60000);
drop table seed;
