-- What a process that did not do it can tell of runs of the archive and of audits.

alter table archive_runs
  -- When somebody was last at it, by this clock; null in a row of an earlier program, which does not tell.
  add column seen_at timestamptz,
  -- Set when nobody had been at it for an hour and the next run began: it is not waited for any more.
  add column given_up_at timestamptz,
  -- None of its lanes was begun, because those of an earlier run were still at work: it ended, and did nothing.
  add column skipped boolean not null default false;
-- Serves: the oldest run that has not ended. Empty but for those at work and those that died.
create index archive_runs_unfinished on archive_runs (started_at) where finished_at is null and given_up_at is null;

-- Audits that were complete, told by `verify-sessions --record`. Who records needs the right to insert here, and no other.
create table audit_runs (
  id bigint generated always as identity primary key,
  finished_at timestamptz not null default clock_timestamp(),
  release text not null,
  scope text not null check (scope in ('all', 'since', 'sample', 'task', 'attempt')),
  sessions bigint not null,
  errors bigint not null,
  warnings bigint not null,
  undecidable bigint not null
);
-- Serves: the last audit of everything.
create index audit_runs_of_everything on audit_runs (finished_at desc) where scope = 'all';
