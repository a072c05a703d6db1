/**
 * A change that removes one safeguard from the database schema. The run fails if the pattern of a mutant no longer
 * matches, because a mutant without a change proves nothing.
 */
export type Mutant = {
  readonly name: string;
  /** The tests that must fail; by default the proof of the guard. */
  readonly suites?: readonly string[];
} & (
  | { readonly sql: string }
  | { readonly migration: string; readonly function: string; readonly find: string; readonly replace: string }
);

const CLOCK = ['packages/guard/src/clock-steps.test.ts'];

const CHAINS = ['packages/store/src/chain-events.test.ts'];
const FLAGS = ['packages/rollout/src/flags/flags.test.ts'];
const CAMPAIGNS = ['packages/rollout/src/campaign/conduct.test.ts'];

export const MUTANTS: readonly Mutant[] = [
  { name: 'no unique index on live sessions', sql: 'drop index sessions_one_live' },
  { name: 'events can be deleted', sql: 'drop trigger session_events_append_only on session_events' },
  { name: 'events can be changed', sql: 'drop trigger session_events_unchanged on session_events' },
  {
    name: 'events that are not chained',
    suites: CHAINS,
    sql: 'drop trigger session_events_keep_order on session_events',
  },
  {
    name: 'events of earlier releases that are chained without the lock of their session',
    suites: CHAINS,
    migration: '0023_chained_events.sql',
    function: 'chain_next_tasks',
    find: 'for no key update skip locked',
    replace: '',
  },
  {
    name: 'a replace that does not compare the generation and the live session',
    migration: '0024_events_tell_more.sql',
    function: 'open_session',
    find: 'and s.generation = p_seen_generation and s.live_session_id is not distinct from p_seen_live',
    replace: '',
  },
  {
    name: 'a create that does not compare the generation and the live session',
    migration: '0024_events_tell_more.sql',
    function: 'open_session',
    find: 'where s.generation = 0 and s.live_session_id is null',
    replace: '',
  },
  {
    name: 'a turn that does not compare the version of its session',
    migration: '0024_events_tell_more.sql',
    function: 'begin_turn',
    find: ' or v.version <> p_seen_version',
    replace: '',
  },
  {
    name: 'a turn that ignores a lease and the version of its session',
    migration: '0024_events_tell_more.sql',
    function: 'begin_turn',
    find: ' or v.version <> p_seen_version or v.lease_expires_at > v_now',
    replace: '',
  },
  {
    name: 'a first turn that does not wait for its predecessor',
    migration: '0024_events_tell_more.sql',
    function: 'begin_turn',
    find: 'if v_left.lease > v_now then',
    replace: 'if false then',
  },
  {
    name: 'log lines without a fencing check',
    migration: '0024_events_tell_more.sql',
    function: 'append_logs',
    find: 'if not standing = any (p_taken) then',
    replace: 'if false then',
  },
  {
    name: 'log lines whose fencing check takes no lock',
    migration: '0024_events_tell_more.sql',
    function: 'append_logs',
    find: 'where s.id = p_session_id for no key update',
    replace: 'where s.id = p_session_id',
  },
  {
    name: 'a heartbeat that renews the lease of a replaced session',
    migration: '0017_clock_that_steps.sql',
    function: 'heartbeat',
    find: "when v.deleted_at is not null then 'replaced' when v.status <> 'running' then 'not-running' end",
    replace: 'end',
  },
  {
    name: 'leases that grow when the clock steps back',
    suites: CLOCK,
    migration: '0017_clock_that_steps.sql',
    function: 'shorten_leases',
    find: 'where s.id = any (v_ids) and',
    replace: 'where false and',
  },
  {
    name: 'times that follow a clock that steps back',
    suites: CLOCK,
    sql: 'drop trigger sessions_keep_order on sessions',
  },
  {
    name: 'a turn that begins before the previous change of its session',
    suites: CLOCK,
    migration: '0024_events_tell_more.sql',
    function: 'begin_turn',
    find: 'greatest(v_now, v.updated_at, v_left.changed_at)',
    replace: 'v_now',
  },
  {
    name: 'a write that is executed after its caller has received an answer',
    suites: ['packages/guard/test/network/late-arrivals.test.ts'],
    migration: '0016_in_time.sql',
    function: 'in_time',
    find: 'if p_until_ms < v_now_ms or v_now_ms < p_from_ms then',
    replace: 'if false then',
  },
  {
    name: 'a purge of a session that changed since its archive was made',
    suites: ['packages/archive/src/steps/changes.test.ts'],
    migration: '0015_proof_at_the_purge.sql',
    function: 'purge_proven',
    find: 's.version <> a.session_version or ',
    replace: '',
  },
  {
    name: 'an object that was found damaged and still counts as verified',
    suites: ['packages/archive/src/steps/proof-at-the-purge.test.ts'],
    migration: '0015_proof_at_the_purge.sql',
    function: 'distrust_archives',
    find: 'update sessions s set archived_at = null where s.id = any (v_ids);',
    replace: '',
  },
  {
    name: 'the history of flags can be changed',
    suites: FLAGS,
    sql: 'drop trigger flag_changes_append_only on flag_changes',
  },
  { name: 'a kill can be deleted', suites: FLAGS, sql: 'drop trigger flag_kills_kept on flag_kills' },
  {
    name: 'a flag that is on although it was killed',
    suites: FLAGS,
    sql: `create or replace view flag_states as
            select f.name, f.enabled, false as killed, f.percent, f.value, f.salt, f.version, f.updated_at, f.updated_by from flags f`,
  },
  {
    name: 'a change that also ends kills its caller has not seen',
    suites: FLAGS,
    migration: '0022_kills_seen.sql',
    function: 'set_flag',
    find: 'where k.id = any (v_seen_kills) and',
    replace: 'where k.flag = p_name and',
  },
  {
    name: 'an unguarded session beside others at a guarded task',
    suites: ['packages/guard/src/enrolment.test.ts'],
    migration: '0019_flags_by_share.sql',
    function: 'create_beside_outside',
    find: 'created := not task_is_guarded(p_task_id);',
    replace: 'created := true;',
  },
  {
    name: 'a step of a rollout without a fencing check',
    suites: CAMPAIGNS,
    migration: '0020_rollout_campaigns.sql',
    function: 'step_rollout',
    find: 'if not found or r.fence <> p_fence then',
    replace: 'if not found then',
  },
  {
    name: 'a stage that is promoted in spite of a kill',
    suites: CAMPAIGNS,
    migration: '0020_rollout_campaigns.sql',
    function: 'step_rollout',
    find: "if p_step ->> 'action' in ('promote', 'done') and exists",
    replace: 'if false and exists',
  },
  {
    name: 'a rollout that two commands control at the same time',
    suites: CAMPAIGNS,
    migration: '0020_rollout_campaigns.sql',
    function: 'take_rollout',
    find: ' and (p_even_held or not lease_holds(r))',
    replace: '',
  },
];
