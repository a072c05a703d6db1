import { type Check, finding } from '../check.ts';

/** The indexes, constraints and triggers that protect the history, named as in the migrations. */
const GUARDS = {
  index: [
    'sessions_pkey',
    'sessions_one_live',
    'sessions_agent_session',
    'processes_pkey',
    'processes_by_attempt',
    'processes_by_session',
    'session_events_pkey',
    'slots_pkey',
    'archives_pkey',
    'idempotency_keys_pkey',
  ],
  constraint: [
    'sessions_task_id_fkey',
    'processes_session_id_fkey',
    'processes_attempt_id_fkey',
    'attempts_task_id_fkey',
    'slots_task_id_fkey',
  ],
  trigger: [
    'session_events_append_only',
    'sessions_kept',
    'processes_kept',
    'session_logs_kept',
    'feedback_kept',
    'archive_reads_append_only',
    'sessions_not_truncated',
    'processes_not_truncated',
    'session_logs_not_truncated',
    'feedback_not_truncated',
  ],
} as const;

const values = (kind: keyof typeof GUARDS): string => GUARDS[kind].map((name) => `('${kind}', '${name}')`).join(', ');

export const schemaObjectsCheck: Check = {
  name: 'schema',
  rules: ['SV303'],
  sql: `
    select g.name as id, g.kind, case when f.name is null then 'is missing' else 'exists, but is not valid' end as what
    from (values ${values('index')}, ${values('constraint')}, ${values('trigger')}) as g(kind, name)
    left join (
      select 'index' as kind, c.relname::text as name, i.indisvalid and i.indisready as valid from pg_index i join pg_class c on c.oid = i.indexrelid
      where c.relnamespace = current_schema()::regnamespace
      union all
      select 'constraint', conname::text, convalidated from pg_constraint where connamespace = current_schema()::regnamespace
      union all
      select 'trigger', t.tgname::text, t.tgenabled <> 'D' from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where c.relnamespace = current_schema()::regnamespace
    ) f on f.kind = g.kind and f.name = g.name
    where f.name is null or not f.valid`,
  read: (row) => [
    finding('SV303', row, { kind: 'object', id: row.id ?? null, message: `the ${row.kind} ${row.id} ${row.what}` }),
  ],
};
