/** One guard taken out of the schema. A pattern that no longer matches fails the run: a mutant that mutates nothing proves nothing. */
export type Mutant = { readonly name: string } & (
  | { readonly sql: string }
  | { readonly migration: string; readonly function: string; readonly find: string; readonly replace: string }
);

export const MUTANTS: readonly Mutant[] = [
  { name: 'no unique index of live sessions', sql: 'drop index sessions_one_live' },
  { name: 'events can be changed', sql: 'drop trigger session_events_append_only on session_events' },
  {
    name: 'a replace that does not compare the generation and the live session',
    migration: '0002_open_session.sql',
    function: 'open_session',
    find: 'and s.generation = p_seen_generation and s.live_session_id is not distinct from p_seen_live',
    replace: '',
  },
  {
    name: 'a create that does not compare the generation and the live session',
    migration: '0002_open_session.sql',
    function: 'open_session',
    find: 'where s.generation = 0 and s.live_session_id is null',
    replace: '',
  },
  {
    name: 'a turn that does not compare the version of its session',
    migration: '0005_turns.sql',
    function: 'begin_turn',
    find: 'and s.version = p_seen_version',
    replace: '',
  },
  {
    name: 'a turn that ignores a lease, and the version that tells of it',
    migration: '0005_turns.sql',
    function: 'begin_turn',
    find: 'and s.version = p_seen_version\n      and (s.lease_expires_at is null or s.lease_expires_at <= clock_timestamp())',
    replace: '',
  },
  {
    name: 'a first turn that does not wait for its predecessor',
    migration: '0005_turns.sql',
    function: 'begin_turn',
    find: 'if v.guarded and exists (',
    replace: 'if false and exists (',
  },
  {
    name: 'log lines without a fence',
    migration: '0005_turns.sql',
    function: 'append_logs',
    find: 'and s.generation = p_generation and s.deleted_at is null for share',
    replace: 'for share',
  },
  {
    name: 'log lines whose fence takes no lock',
    migration: '0005_turns.sql',
    function: 'append_logs',
    find: 'and s.deleted_at is null for share',
    replace: 'and s.deleted_at is null',
  },
  {
    name: 'a heartbeat that renews the lease of a replaced session',
    migration: '0005_turns.sql',
    function: 'heartbeat',
    find: "and s.deleted_at is null and s.status = 'running'",
    replace: '',
  },
];
