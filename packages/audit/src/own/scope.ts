/** What is to be looked at. Parameters of the statements are $1 and $2, as far as a scope has them. */
export type Scope =
  | { readonly kind: 'all' }
  | { readonly kind: 'sessions'; readonly ids: readonly string[] }
  | { readonly kind: 'tasks'; readonly ids: readonly string[] }
  | { readonly kind: 'since'; readonly since: Date }
  /** A share of the tasks: the same ones at every run. */
  | { readonly kind: 'sample'; readonly share: number }
  | { readonly kind: 'task'; readonly taskId: string }
  | { readonly kind: 'attempt'; readonly taskId: string; readonly attemptId: string };

const SHARES = 10_000;

export type ScopeSql = {
  /** A condition on a row of any table that carries the task. */
  readonly inScope: (alias: string) => string;
  /** Of sessions. */
  readonly sessions: string;
  /** Of processes, which have no index on their task. */
  readonly processes: string;
  readonly values: readonly unknown[];
};

export function scopeSql(scope: Scope): ScopeSql {
  switch (scope.kind) {
    case 'all':
      return { inScope: () => 'true', sessions: 'true', processes: 'true', values: [] };
    case 'since': {
      const inScope = (alias: string): string =>
        `${alias}.task_id in (select task_id from sessions where updated_at >= $1::timestamptz)`;
      return { inScope, sessions: inScope('s'), processes: inScope('p'), values: [scope.since.toISOString()] };
    }
    case 'sample': {
      const inScope = (alias: string): string =>
        `(hashtextextended(${alias}.task_id::text, 0) & 65535) % ${SHARES} < $1::int`;
      return { inScope, sessions: inScope('s'), processes: inScope('p'), values: [Math.ceil(scope.share * SHARES)] };
    }
    case 'sessions':
      return {
        // Two lists of sessions may be of one task: whoever is asked list by list and looks at tasks would tell it twice.
        inScope: (alias) => `${alias}.task_id in (select task_id from sessions where id = any($1::uuid[]))`,
        sessions: 's.id = any($1::uuid[])',
        processes: 'p.session_id = any($1::uuid[])',
        values: [scope.ids],
      };
    case 'tasks':
      return ofTasks('= any($1::uuid[])', scope.ids);
    case 'task':
    case 'attempt':
      return ofTasks('= $1::uuid', scope.taskId);
  }
}

const ofTasks = (wanted: string, value: unknown): ScopeSql => ({
  inScope: (alias) => `${alias}.task_id ${wanted}`,
  sessions: `s.task_id ${wanted}`,
  // Whole sessions, or the first of their processes could not be told: one of a milestone is also of other tasks.
  processes: `p.id in (
    select o.id from processes o where o.session_id in (
      select id from sessions where task_id ${wanted}
      union all
      select w.session_id from processes w where w.attempt_id in (select id from attempts where task_id ${wanted}))
    union all
    select o.id from processes o where o.attempt_id in (select id from attempts where task_id ${wanted}))`,
  values: [value],
});
