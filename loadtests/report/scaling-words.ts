import { markdownTable } from './table-as-text.ts';

/** What the schema allows, and where it does not yet: read off packages/store/migrations. */
export const SHARDING = [
  '## Sharding by task (Citus)',
  '',
  'A slot belongs to a task, and no rule looks at two tasks at once. So the schema is divided by `task_id`: everything of one task lies on one node, and a start, a turn or a lookup stays there in one transaction.',
  '',
  ...markdownTable({
    headings: ['tables', 'how'],
    rows: [
      [
        '`tasks` (by `id`), `attempts`, `slots`, `sessions`, `processes`, `session_events`',
        'distributed by task, colocated',
      ],
      ['`archives`, `archive_claims`', 'distributed by task, colocated'],
      ['`session_logs`, `feedback`', 'have no `task_id` yet: it is to be added'],
      ['`idempotency_keys`', 'has no `task_id`: see below'],
      ['`projects`, `models`, `profiles`, `flags`, `api_keys`', 'reference tables: small, read everywhere'],
    ],
  }),
  '',
  'What breaks, and has to be changed first:',
  '',
  "- **Unique keys.** Citus keeps a key unique only when the column it divides by is in it. `sessions_one_live`, the backstop of the whole product, has it. The primary keys of `sessions`, `processes` and `attempts`, the unique ids of agents (`sessions_agent_session`) and the place in an attempt (`processes_by_attempt`) have not. Ids of our own are UUIDv7 and may become (`task_id`, `id`); that an agent's id belongs to one session is then kept within a task only.",
  '- **Foreign keys** to `sessions` and `attempts` have to name the task too. The one from `tasks` to `projects` points to a reference table, which is allowed.',
  '- **Calls that name a session and no task** (`/v1/sessions/{id}/…`) cannot be sent to one node: without a task in the path, or a small table of session to task, each asks every node.',
  '- **Idempotency.** A key is written in the transaction of its effect. It has to lie with its task, so the task goes into the key; the same key for two tasks is then two requests.',
  '- **The order of changes** is by transaction number (`xid8`), and such numbers of two nodes cannot be compared. The stream of a task stays as it is; that of a project needs a place for each node, or an outbox.',
  '- **Invalidation by LISTEN** reaches one node. With several, Redis is needed.',
  '- **The SQL functions** (`open_session` and the others) have to be distributed by their task argument, or each statement in them crosses the network.',
  '- **Bulk starts and deletions** of many tasks become two-phase commits, or are split by the API.',
  '- **verify-sessions and the purge** read by attempt and by deletion date: they run on every node for itself.',
  '',
];

export const READ_REPLICAS = [
  '## Read replicas',
  '',
  'A replica is late by its lag, and what is read from it may be late by that much more than what the API allows today: an answer that writes nothing may be two seconds old ([replicas](replicas.md)).',
  '',
  ...markdownTable({
    headings: ['read', 'on a replica?', 'why'],
    rows: [
      [
        'lists of sessions and processes, log lines, events',
        'yes',
        'a page is out of date when it is read; lag adds to that',
      ],
      [
        'export of a session',
        'after it left',
        'what a user saves before a replacement must have the last line: from the primary until it is deleted',
      ],
      [
        'the latest session of a task, and of many',
        'with a bound',
        'they may be two seconds old, cache included: lag and the life of a snapshot together must stay within that',
      ],
      ['a session by its id', 'no', 'it is read fresh, and its version is what a write is compared with'],
      [
        'the snapshot a start or a turn is decided on',
        'no',
        'a stale one is refused by the compare-and-set, so nothing breaks, and each such start is decided twice',
      ],
      ['keys, flags', 'no', 'a key that was revoked must stop within five seconds, a flag within two'],
      [
        'the stream of changes',
        'one replica',
        'its places are those of one server; a follower who moves to a later one waits, to an earlier one misses nothing',
      ],
      ['verify-sessions, dashboards', 'yes', 'they judge a state; which second it is of does not matter'],
    ],
  }),
  '',
];
