/** The part of the database that a check covers. The SQL of a scope has at most one parameter, $1. */
export type Scope =
  | { readonly kind: 'all' }
  | { readonly kind: 'sessions'; readonly ids: readonly string[] }
  | { readonly kind: 'tasks'; readonly ids: readonly string[] }
  | { readonly kind: 'since'; readonly since: Date }
  /** A share of the tasks, selected by hash: the same tasks in every run. */
  | { readonly kind: 'sample'; readonly share: number }
  | { readonly kind: 'task'; readonly taskId: string }
  | { readonly kind: 'attempt'; readonly taskId: string; readonly attemptId: string };

const SHARES = 10_000;

export type ScopeSql = {
  readonly kind: Scope['kind'];
  /** SQL condition on a row of any table with a `task_id`. */
  readonly inScope: (alias: string) => string;
  /** SQL condition on `sessions s`. */
  readonly sessions: string;
  /** SQL condition on `processes p`, which has no index on `task_id`. */
  readonly processes: string;
  /** SQL condition on a row of any table with a `session_id` and no `task_id`. */
  readonly ofSessions: (alias: string) => string;
  /** SQL condition: the scope includes rows whose task cannot be known, because their session does not exist. */
  readonly withUnknown: 'true' | 'false';
  readonly values: readonly unknown[];
};

export const scopeSql = (scope: Scope): ScopeSql => ({ kind: scope.kind, ...conditionsOf(scope) });

function conditionsOf(scope: Scope): Omit<ScopeSql, 'kind'> {
  switch (scope.kind) {
    case 'all':
      return { inScope: () => 'true', sessions: 'true', processes: 'true', ...EVERYWHERE, values: [] };
    case 'since': {
      const inScope = (alias: string): string =>
        `${alias}.task_id in (select task_id from sessions where updated_at >= $1::timestamptz)`;
      return {
        inScope,
        sessions: inScope('s'),
        processes: inScope('p'),
        ...EVERYWHERE,
        values: [scope.since.toISOString()],
      };
    }
    case 'sample': {
      const inScope = (alias: string): string =>
        `(hashtextextended(${alias}.task_id::text, 0) & 65535) % ${SHARES} < $1::int`;
      return {
        inScope,
        sessions: inScope('s'),
        processes: inScope('p'),
        ...EVERYWHERE,
        values: [Math.ceil(scope.share * SHARES)],
      };
    }
    case 'sessions':
      return {
        // Two lists may contain sessions of the same task, so a check that runs list by list must not use this
        // condition: it would report the task twice.
        inScope: (alias) => `${alias}.task_id in (select task_id from sessions where id = any($1::uuid[]))`,
        sessions: 's.id = any($1::uuid[])',
        processes: 'p.session_id = any($1::uuid[])',
        ofSessions: (alias) => `${alias}.session_id = any($1::uuid[])`,
        withUnknown: 'false',
        values: [scope.ids],
      };
    case 'tasks':
      return ofTasks('= any($1::uuid[])', scope.ids);
    case 'task':
    case 'attempt':
      return ofTasks('= $1::uuid', scope.taskId);
  }
}

const ofTasks = (wanted: string, value: unknown): Omit<ScopeSql, 'kind'> => ({
  inScope: (alias) => `${alias}.task_id ${wanted}`,
  sessions: `s.task_id ${wanted}`,
  // Whole sessions, because judging a process needs the first one of its session. A milestone session also has
  // processes of other tasks.
  processes: `p.id in (
    select o.id from processes o where o.session_id in (
      select id from sessions where task_id ${wanted}
      union all
      select w.session_id from processes w where w.attempt_id in (select id from attempts where task_id ${wanted}))
    union all
    select o.id from processes o where o.attempt_id in (select id from attempts where task_id ${wanted}))`,
  ofSessions: (alias) => `${alias}.session_id in (select id from sessions where task_id ${wanted})`,
  withUnknown: 'false',
  values: [value],
});

/** Reads the whole of a table without a `task_id`; which rows are in scope is decided after their session is known. */
const EVERYWHERE = { ofSessions: () => 'true', withUnknown: 'true' } as const;
