-- A rollout as a campaign: where it stands, who may change it now, and every step, verdict and announcement of it, kept as they were written.

-- Empty until now: nothing wrote it.
alter table rollouts
  drop constraint rollouts_state_check,
  add constraint rollouts_state_check check (state in ('idle', 'baking', 'holding', 'paused', 'done', 'aborted')),
  -- Counted for each flag; 0 before the first.
  add column campaign integer not null default 0 check (campaign >= 0),
  -- On hold until the evidence can be relied on again; until a person has seen the verdict, what was done to the flag by hand, or the kill.
  add column held_for text check (held_for in ('evidence', 'verdict', 'flag', 'kill')),
  -- How many processes have to report before anything is judged; null: as many as the stages file says.
  add column expected_instances integer check (expected_instances > 0),
  -- The version of the flag after the campaign's own last change: at another one, somebody else changed it.
  add column flag_version integer,
  -- What users are told when the flag is killed, as the stages file said at the start: a kill by plain SQL reads no file.
  add column off_text text,
  add column lease_holder text,
  add column lease_until timestamptz,
  add column lease_ms integer check (lease_ms > 0),
  -- Grows with each lease. A write that names an older one is refused.
  add column fence bigint not null default 0,
  add check ((lease_holder is null) = (lease_until is null) and (lease_holder is null) = (lease_ms is null)),
  add check ((state = 'holding') = (held_for is not null)),
  -- What waits for its evidence is still in its bake.
  add check ((baking_since is not null) = (state = 'baking' or coalesce(held_for = 'evidence', false)));

create table rollout_verdicts (
  id bigint generated always as identity primary key,
  flag text not null,
  campaign integer not null,
  stage smallint not null,
  at timestamptz not null default clock_timestamp(),
  -- A tick looks whether to give up early; the final one decides, at the end of the bake.
  kind text not null check (kind in ('tick', 'final')),
  outcome text not null check (outcome in ('pass', 'fail', 'inconclusive')),
  -- Why it is this outcome: proven, failed_early, failed, not_proven, baking, held.
  decision text not null check (decision <> ''),
  reason text not null,
  window_from timestamptz not null,
  window_to timestamptz not null,
  -- What forbade promoting, whatever the counts say.
  preconditions jsonb not null check (jsonb_typeof(preconditions) = 'array'),
  -- Each gate with its query, window, counts by instance, estimate, bound, limit and reason.
  gates jsonb not null check (jsonb_typeof(gates) = 'array'),
  fence bigint not null
);
-- Serves: the verdicts of a campaign, newest first.
create index rollout_verdicts_by_campaign on rollout_verdicts (flag, campaign, id);

create table rollout_steps (
  id bigint generated always as identity primary key,
  flag text not null,
  campaign integer not null,
  at timestamptz not null default clock_timestamp(),
  actor text not null check (actor <> ''),
  action text not null check (action in ('start', 'pause', 'resume', 'promote', 'hold', 'rebake', 'abort', 'kill-seen', 'done')),
  from_stage smallint not null,
  from_percent numeric(5, 2) not null,
  from_state text not null,
  to_stage smallint not null,
  to_percent numeric(5, 2) not null,
  to_state text not null,
  why text not null,
  verdict_id bigint references rollout_verdicts,
  -- A person decided otherwise than the verdict says.
  forced boolean not null default false,
  fence bigint not null
);
-- Serves: the steps of a campaign, newest first.
create index rollout_steps_by_campaign on rollout_steps (flag, campaign, id);

create function refuse_change_of_rollout_history() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $$;
create trigger rollout_verdicts_append_only before update or delete or truncate on rollout_verdicts
  for each statement execute function refuse_change_of_rollout_history();
create trigger rollout_steps_append_only before update or delete or truncate on rollout_steps
  for each statement execute function refuse_change_of_rollout_history();

-- What users are told. No foreign key to flags: a kill announces, and waits for no lock of a row.
create table announcements (
  id bigint generated always as identity primary key,
  flag text not null,
  campaign integer not null,
  stage smallint not null,
  percent numeric(5, 2) not null,
  kind text not null check (kind in ('stage', 'off', 'note')),
  text text not null check (length(text) between 1 and 2000),
  published_at timestamptz not null default clock_timestamp(),
  withdrawn_at timestamptz
);
-- Serves: the newest announcement of a kind of a flag.
create index announcements_by_flag on announcements (flag, kind, id) where withdrawn_at is null;

-- What users were told stays; only that it does not hold any more can be said.
create function keep_announcements() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' then
    raise exception 'announcements are kept: % is refused', tg_op using errcode = 'restrict_violation';
  end if;
  if old.withdrawn_at is not null or (to_jsonb(new) - 'withdrawn_at') is distinct from (to_jsonb(old) - 'withdrawn_at') then
    raise exception 'an announcement can only be withdrawn' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger announcements_kept before update or delete on announcements for each row execute function keep_announcements();
create trigger announcements_not_truncated before truncate on announcements for each statement execute function keep_announcements();

-- Active is what is true now: of a flag that is on the newest announcement of its stage, of one that is off the newest that says so, and every note.
-- So a kill makes the stage's announcement inactive at once, whatever transaction wrote it.
create view announcement_states as
  select a.id, a.flag, a.campaign, a.stage, a.percent, a.kind, a.text, a.published_at, a.withdrawn_at,
         a.withdrawn_at is null and coalesce(a.kind = 'note' or (
           a.kind = case when s.enabled and s.percent > 0 then 'stage' else 'off' end
           and (a.kind = 'off' or a.percent = s.percent)
           and a.id = (select max(b.id) from announcements b where b.flag = a.flag and b.kind = a.kind and b.withdrawn_at is null)), false) as active
    from announcements a left join flag_states s on s.name = a.flag;

-- In the transaction of the kill, however it was made, and never in its way: a lock that is not to be had at once, or any failure, costs the
-- announcement and not the kill.
create function announce_kill() returns trigger language plpgsql set lock_timeout = '50ms' as $$
begin
  insert into announcements (flag, campaign, stage, percent, kind, text)
    select r.flag, r.campaign, r.stage, 0, 'off', coalesce(r.off_text, r.flag || ' is switched off for now: everything works as it did before.')
      from rollouts r
      where r.flag = new.flag and r.campaign > 0
        and 'stage' = (select a.kind from announcements a
                         where a.flag = new.flag and a.kind <> 'note' and a.withdrawn_at is null order by a.id desc limit 1);
  return null;
exception when others then
  raise warning 'the kill of % was not announced: %', new.flag, sqlerrm;
  return null;
end $$;
create trigger flag_kills_announce after insert on flag_kills for each row execute function announce_kill();

-- One writer at a time. By the clock of the database; a lease that would last longer than it was given for is from before that clock stepped back,
-- and has lapsed. p_even_held takes it from its holder, whose next write names an older fence. No row comes back for an unknown flag.
create function take_rollout(p_flag text, p_holder text, p_lease_ms integer, p_even_held boolean default false)
returns table (taken boolean, fence bigint, holder text, until timestamptz) language plpgsql as $$
begin
  insert into rollouts (flag, stage, percent, state)
    select f.name, 0, 0, 'idle' from flags f where f.name = p_flag on conflict do nothing;
  update rollouts r
    set lease_holder = p_holder, lease_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0), lease_ms = p_lease_ms, fence = r.fence + 1
    where r.flag = p_flag and (p_even_held or not lease_holds(r));
  return query select found, r.fence, r.lease_holder, r.lease_until from rollouts r where r.flag = p_flag;
end $$;

create function lease_holds(r rollouts) returns boolean language sql volatile as $$
  select r.lease_until is not null and clock_timestamp() < r.lease_until
     and r.lease_until <= clock_timestamp() + make_interval(secs => r.lease_ms / 1000.0)
$$;

-- False when somebody else has taken it since.
create function renew_rollout(p_flag text, p_fence bigint) returns boolean language sql as $$
  with renewed as (
    update rollouts r set lease_until = clock_timestamp() + make_interval(secs => r.lease_ms / 1000.0)
      where r.flag = p_flag and r.fence = p_fence and r.lease_holder is not null returning 1
  ) select exists (select from renewed)
$$;

create function release_rollout(p_flag text, p_fence bigint) returns boolean language sql as $$
  with released as (
    update rollouts r set lease_holder = null, lease_until = null, lease_ms = null
      where r.flag = p_flag and r.fence = p_fence and r.lease_holder is not null returning 1
  ) select exists (select from released)
$$;

-- outcome: done; fenced: another holder came after this one; moved: the campaign is not where it was seen; flag-moved: the flag is not at the version
-- that was seen; killed: it is killed, or was killed again since the kill that was seen.
create type stepped_rollout as (outcome text, campaign integer, step_id bigint, verdict_id bigint, flag_version integer);

-- A step is one call, so one transaction: the flag, the campaign, its record, the verdict and the announcement change together or not at all.
-- Without an action only the verdict is written.
create function step_rollout(p_flag text, p_fence bigint, p_step jsonb) returns stepped_rollout language plpgsql as $$
declare
  r rollouts;
  v stepped_rollout;
  v_to jsonb := p_step -> 'to';
  v_verdict jsonb := p_step -> 'verdict';
  v_change jsonb := p_step #> '{flag,change}';
begin
  -- Before the row of the flag, always: two steps cannot wait for each other.
  select * into r from rollouts where flag = p_flag for update;
  if not found or r.fence <> p_fence then
    v.outcome := 'fenced';
    return v;
  end if;
  if (r.campaign, r.stage::integer, r.state) is distinct from
     ((p_step #>> '{seen,campaign}')::integer, (p_step #>> '{seen,stage}')::integer, p_step #>> '{seen,state}') then
    v.outcome := 'moved';
    return v;
  end if;
  v.campaign := coalesce((v_to ->> 'campaign')::integer, r.campaign);
  v.flag_version := r.flag_version;

  -- What is killed has passed no stage, also where the flag itself is not to be changed.
  if p_step ->> 'action' in ('promote', 'done') and exists (select from flag_kills k where k.flag = p_flag and k.released_at is null) then
    v.outcome := 'killed';
    return v;
  end if;

  if jsonb_typeof(v_change) = 'object' then
    begin
      -- What switches on does not do so over a kill; releasing names the kill that its person saw.
      if (v_change ->> 'enabled')::boolean and not coalesce((v_change ->> 'release_kills')::boolean, false)
         and exists (select from flag_kills k where k.flag = p_flag and k.released_at is null) then
        raise exception 'the flag is killed' using errcode = 'PL008';
      end if;
      select s.version into v.flag_version
        from set_flag(p_flag, v_change, p_step ->> 'actor', p_step ->> 'why', (p_step #>> '{flag,seenVersion}')::integer) s;
      if not found then
        v.outcome := 'flag-moved';
        return v;
      end if;
      -- Looked at after the release, which let go of every kill there was by then: a newer one takes all of it back.
      if (v_change ->> 'release_kills')::boolean
         and exists (select from flag_kills k where k.flag = p_flag and k.id > coalesce((p_step #>> '{flag,seenKill}')::bigint, 0)
                       -- One that was released before this began is over: its person had nothing to see.
                       and (k.released_at is null or k.released_at >= transaction_timestamp())) then
        raise exception 'the flag was killed again' using errcode = 'PL008';
      end if;
    exception when sqlstate 'PL008' then
      v.outcome := 'killed';
      return v;
    end;
  elsif p_step #>> '{flag,adoptVersion}' is not null then
    v.flag_version := (p_step #>> '{flag,adoptVersion}')::integer;
  end if;

  if jsonb_typeof(v_verdict) = 'object' then
    insert into rollout_verdicts (flag, campaign, stage, kind, outcome, decision, reason, window_from, window_to, preconditions, gates, fence)
      values (p_flag, r.campaign, r.stage, v_verdict ->> 'kind', v_verdict ->> 'outcome', v_verdict ->> 'decision', v_verdict ->> 'reason',
              (v_verdict ->> 'from')::timestamptz, (v_verdict ->> 'to')::timestamptz, v_verdict -> 'preconditions', v_verdict -> 'gates', p_fence)
      returning id into v.verdict_id;
  end if;
  v.outcome := 'done';
  if p_step ->> 'action' is null then return v; end if;

  update rollouts
    set campaign = v.campaign, stage = (v_to ->> 'stage')::smallint, percent = (v_to ->> 'percent')::numeric, state = v_to ->> 'state',
        held_for = v_to ->> 'heldFor',
        baking_since = case p_step ->> 'bake'
          when 'new' then clock_timestamp() when 'kept' then baking_since when 'later' then (p_step ->> 'bakeFrom')::timestamptz end,
        expected_instances = case when p_step ? 'instances' then (p_step ->> 'instances')::integer else expected_instances end,
        off_text = coalesce(p_step ->> 'offText', off_text), flag_version = v.flag_version, updated_at = clock_timestamp()
    where flag = p_flag;
  insert into rollout_steps (flag, campaign, actor, action, from_stage, from_percent, from_state, to_stage, to_percent, to_state, why, verdict_id, forced, fence)
    values (p_flag, v.campaign, p_step ->> 'actor', p_step ->> 'action', r.stage, r.percent, r.state,
            (v_to ->> 'stage')::smallint, (v_to ->> 'percent')::numeric, v_to ->> 'state',
            p_step ->> 'why',
            -- Who overrides what was judged before names that verdict.
            coalesce(v.verdict_id, case when (p_step ->> 'forced')::boolean then
              (select max(w.id) from rollout_verdicts w where w.flag = p_flag and w.campaign = r.campaign and w.stage = r.stage) end),
            coalesce((p_step ->> 'forced')::boolean, false), p_fence)
    returning id into v.step_id;
  if jsonb_typeof(p_step -> 'announcement') = 'object' then
    insert into announcements (flag, campaign, stage, percent, kind, text)
      values (p_flag, v.campaign, (v_to ->> 'stage')::smallint, (v_to ->> 'percent')::numeric, p_step #>> '{announcement,kind}', p_step #>> '{announcement,text}');
  end if;
  return v;
end $$;
