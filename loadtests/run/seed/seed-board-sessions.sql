-- The sessions of the tasks that have $FROM to $TO sessions before them.
-- Each has two turns and starts 20 minutes after its predecessor.
create temporary table born as
  select t, k, before + k as n, (array['run', 'plan', 'verify'])[(k - 1) % 3 + 1] as phase, (k - 1) / 3 + 1 as generation, k + 3 <= sessions as dead,
         case when (k - 1) / 3 % 2 = 0 then 'claude-sonnet-4-5' else 'claude-opus-4-5' end as model,
         now() - interval '15 days' + (k - 1) / 3 * interval '20 minutes' as at
  from seeded, generate_series(1, sessions) k where before >= $FROM and before < $TO;
insert into sessions (id, task_id, phase, mode, agent, model, status, generation, guarded, predecessor_id, replaced_by, agent_session_id, created_by,
                      turns, created_at, updated_at, deleted_at, deleted_reason, version)
  select pg_temp.seed_id('4', n), pg_temp.seed_id('2', t), phase, 'standard', 'claude-code', model, 'ready', generation, true,
         case when generation > 1 then pg_temp.seed_id('4', n - 3) end, case when dead then pg_temp.seed_id('4', n + 3) end, 'agent-' || n,
         'user-' || t % 500, 2, at, at + interval '11 minutes', case when dead then at + interval '20 minutes' end,
         case when dead then 'model-changed' end, 6
  from born;
insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, passed_session_id, agent_session_id, agent, model, parameters,
                       generation, status, turns, started_at, ended_at)
  select pg_temp.seed_id('5', n * 2 + turn), pg_temp.seed_id('2', t), pg_temp.seed_id('3', t), pg_temp.seed_id('4', n), (k - 1) * 2 + turn,
         case when turn = 1 then 'CodingAgentInitialRequest' else 'CodingAgentFollowUpRequest' end,
         case when turn = 2 then 'same-model' when generation = 1 then 'first' else 'model-changed' end,
         case when turn = 2 then 'agent-' || n end, 'agent-' || n, 'claude-code', model, '{}', generation, 'completed', 1,
         at + (turn * 5 - 4) * interval '1 minute', at + turn * interval '5 minutes'
  from born, generate_series(1, 2) turn;
-- With the chains that this release writes. The aggregate is used as a window function; `id` and `tx` are no part of a hash.
insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, detail, at, place, hash)
  select (e).task_id, (e).phase, (e).mode, (e).session_id, (e).type, (e).reason, (e).generation, (e).predecessor_id, (e).actor, (e).detail, (e).at,
         (e).place, pg_temp.seed_chain(e) over (partition by n order by (e).place)
  from (
    select n, row(null, pg_temp.seed_id('2', t), phase, 'standard', pg_temp.seed_id('4', n),
           case when nth > 1 then type when generation = 1 then 'created' else 'replaced' end,
           case when nth > 1 then case type when 'turn-finished' then 'completed' else case when nth = 4 then 'same-model'
                when generation = 1 then 'first' else 'model-changed' end end when generation = 1 then 'first' else 'model-changed' end, generation,
           case when nth = 1 and generation > 1 then pg_temp.seed_id('4', n - 3) end, 'user-' || t % 500,
           case when nth > 1 then jsonb_build_object('process_id', pg_temp.seed_id('5', n * 2 + nth / 2), 'seq', (k - 1) * 2 + nth / 2) end, at + minutes * interval '1 minute',
           null, nth, null)::session_events as e
    from born, (values (1, '', 0), (2, 'turn-started', 1), (3, 'turn-finished', 5), (4, 'turn-started', 6), (5, 'turn-finished', 10))
      as happened(nth, type, minutes)
  ) happened order by n, (e).place;
-- One session of twenty has log lines, for exports.
insert into session_logs (session_id, process_id, kind, line, at)
  select pg_temp.seed_id('4', n), pg_temp.seed_id('5', n * 2 + 1), 'stdout',
         'Reading src/module-' || n % 97 || '/file-' || line || '.ts and thinking about it: ' || repeat(md5((n + line)::text) || ' ', 4), at + interval '2 minutes'
  from born, generate_series(1, 25) line where n % 20 = 0;
drop table born;
