import { markdownTable } from './table-as-text.ts';

/** The parts of docs/scaling.md about sharding and replicas. They describe the schema in packages/store/migrations. */
export const SHARDING = [
  '## Sharding by task (Citus)',
  '',
  'A slot belongs to a task, and no rule concerns two tasks at once. The schema can therefore be sharded by `task_id`: all rows of a task are on one node, and a start, a turn or a lookup is one transaction on that node.',
  '',
  ...markdownTable({
    headings: ['tables', 'how'],
    rows: [
      [
        '`tasks` (by `id`), `attempts`, `slots`, `sessions`, `processes`, `session_events`',
        'distributed by task, colocated',
      ],
      ['`archives`, `archive_claims`', 'distributed by task, colocated'],
      ['`session_logs`, `feedback`, `earlier_conversations`', 'have no `task_id` yet; it must be added'],
      ['`idempotency_keys`', 'has no `task_id`: see below'],
      ['`projects`, `models`, `profiles`, `flags`, `api_keys`', 'reference tables: small, read everywhere'],
    ],
  }),
  '',
  'What breaks and must be changed first:',
  '',
  "- **Unique keys.** Citus enforces a unique key only if it contains the distribution column. `sessions_one_live`, the final safeguard against two live sessions, contains it. The primary keys of `sessions`, `processes` and `attempts`, the unique ids of agents (`sessions_agent_session`) and the position in an attempt (`processes_by_attempt`) do not. The ids that phaselock creates are UUIDv7, so these keys can become (`task_id`, `id`). The uniqueness of an agent's id is then only enforced within a task.",
  '- **Foreign keys** to `sessions` and `attempts` must also contain the task. The one from `tasks` to `projects` points to a reference table, which is allowed.',
  '- **Calls that name a session but no task** (`/v1/sessions/{id}/…`) cannot be routed to one node. Without the task in the path, or a small table that maps sessions to tasks, each call queries every node.',
  '- **Idempotency.** An idempotency key is written in the transaction of its effect, so it must be on the node of its task. The task then becomes part of the key, and the same key for two tasks means two requests.',
  '- **The order of changes** is the order of transaction numbers (`xid8`), which cannot be compared between nodes. The stream of a task needs no change; the stream of a project needs a position per node, or an outbox.',
  '- **Invalidation by LISTEN** reaches one node. With several, Redis is needed.',
  '- **The SQL functions** (`open_session` and the others) must be distributed by their task argument; otherwise each statement in them crosses the network.',
  '- **Bulk starts and deletions** of many tasks become two-phase commits, or are split by the API.',
  '- **verify-sessions and the purge** read by attempt and by deletion date, so they must run on each node separately.',
  '',
];

export const READ_REPLICAS = [
  '## Read replicas',
  '',
  'Data read from a replica is outdated by the replication lag. That adds to the age that the API allows today: a response that writes nothing may be two seconds old ([replicas](replicas.md)).',
  '',
  ...markdownTable({
    headings: ['read', 'on a replica?', 'why'],
    rows: [
      [
        'lists of sessions and processes, log lines, events',
        'yes',
        'a page is outdated as soon as it is read; the lag only adds to that',
      ],
      [
        'export of a session',
        'after its deletion',
        'an export saved before a replacement must contain the last log line, so it must come from the primary until the session is deleted',
      ],
      [
        'the latest session of a task, and of many',
        'with a bound',
        'it may be two seconds old, cache included: lag plus the lifetime of a snapshot must stay within that',
      ],
      ['a session by its id', 'no', 'it must be current, because a write compares its version (compare-and-set)'],
      [
        'the snapshot a start or a turn is decided on',
        'no',
        'the compare-and-set rejects a stale snapshot, so nothing breaks, but each such start must be decided twice',
      ],
      ['keys, flags', 'no', 'a revoked key must stop within five seconds, a flag change must apply within two'],
      [
        'the stream of changes',
        'one replica',
        'positions are comparable on one server only; a follower that moves to a server behind it waits, and misses nothing on a server ahead of it',
      ],
      ['verify-sessions, dashboards', 'yes', 'they examine a state, and its exact age does not matter'],
    ],
  }),
  '',
];
