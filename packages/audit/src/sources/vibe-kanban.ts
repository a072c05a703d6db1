import { parseAgent, STRICT_MODEL_POLICY } from '@phaselock/core';
import type { RuleId } from '../rules.ts';
import { NotFound, type Source } from '../source.ts';
import { type ForeignTime, readForeignTime } from './foreign-time.ts';
import { type ForeignHistory, foreignSource, type NeutralProcess, type Oddity } from './neutral-history.ts';
import { openSqliteFile, type SqliteFile } from './sqlite-file.ts';
import { readVibeAction, textOf } from './vibe-action.ts';
import { readVibeProfiles, type VibeProfiles } from './vibe-profiles.ts';
import type { ForeignWanted } from './wanted.ts';

const KIND = 'vibe-kanban';
const ANSWERS: readonly RuleId[] = [
  'SV101',
  'SV102',
  'SV103',
  'SV104',
  'SV105',
  'SV107',
  'SV201',
  'SV304',
  'SV401',
  'SV403',
  'SV404',
];
const DEFAULT_VARIANT = 'DEFAULT';

export type VibeKanban = {
  readonly path: string;
  readonly profiles: string | undefined;
  readonly wanted: ForeignWanted;
};

/**
 * Opens a vibe-kanban database with one of two schemas: attempts with executor sessions (January 2026), or workspaces
 * with sessions (upstream since December 2025).
 */
export function openVibeKanban({ path, profiles, wanted }: VibeKanban): Source {
  const known = profiles === undefined ? undefined : readVibeProfiles(profiles);
  using file = openSqliteFile(path);
  file.demand(KIND, 'execution_processes', 'id', 'run_reason', 'executor_action', 'status', 'created_at');
  const later = file.has('coding_agent_turns');
  const stored = [...file.rows(later ? laterShape(file) : earlierShape(file))].map((row) => read(row, known));
  const { processes, oddities } = inOrder(stored);
  const tasks = new Set(processes.map(({ task_id }) => task_id).filter(Boolean));
  const threads = new Set(processes.map(({ thread }) => thread));
  const history: ForeignHistory = {
    description: `${KIND} ${path} (read-only)${later ? '' : ', attempts with executor sessions'}`,
    notes: [
      known === undefined
        ? 'Models: without a profiles file, the name of the variant is used as the model.'
        : `Models: from ${profiles}, which may have changed since the runs.`,
    ],
    traits: { freshStaysInThread: true, policy: STRICT_MODEL_POLICY },
    processes,
    oddities,
    attemptId: wanted.kind === 'attempt' ? attemptNamed(processes, wanted.given) : undefined,
    answers: new Set(ANSWERS),
    counts: {
      sessions: threads.size,
      sessionsWithTasks: threads.size,
      orphaned: 0,
      tasks: tasks.size,
      validTasks: tasks.size,
      interactions: processes.length,
    },
  };
  return foreignSource(history);
}

const id = (column: string): string =>
  `lower(case typeof(${column}) when 'blob' then hex(${column}) else replace(${column}, '-', '') end)`;
const optional = (file: SqliteFile, table: string, column: string, otherwise: string): string =>
  file.has(table, column) ? `p.${column}` : otherwise;

const common = (file: SqliteFile): string => `
  ${id('p.id')} as id, p.executor_action as action, p.status, p.created_at, p.rowid as place,
  ${optional(file, 'execution_processes', 'completed_at', 'null')} as completed_at,
  ${optional(file, 'execution_processes', 'dropped', '0')} as dropped`;

function earlierShape(file: SqliteFile): string {
  file.demand(KIND, 'execution_processes', 'task_attempt_id');
  file.demand(KIND, 'executor_sessions', 'execution_process_id', 'session_id');
  file.demand(KIND, 'task_attempts', 'id', 'task_id');
  return `
    select ${common(file)}, ${id('p.task_attempt_id')} as attempt, ${id('p.task_attempt_id')} as thread, ${id('a.task_id')} as task, null as session,
           (select e.session_id from executor_sessions e where e.execution_process_id = p.id order by e.rowid desc limit 1) as told
    from execution_processes p left join task_attempts a on a.id = p.task_attempt_id where p.run_reason = 'codingagent'`;
}

function laterShape(file: SqliteFile): string {
  file.demand(KIND, 'execution_processes', 'session_id');
  file.demand(KIND, 'coding_agent_turns', 'execution_process_id', 'agent_session_id');
  file.demand(KIND, 'sessions', 'id', 'workspace_id');
  const task = file.has('workspaces', 'task_id')
    ? `(select ${id('w.task_id')} from workspaces w where w.id = s.workspace_id)`
    : 'null';
  return `
    select ${common(file)}, ${id('s.workspace_id')} as attempt, ${id('p.session_id')} as thread, ${task} as task, ${id('p.session_id')} as session,
           (select t.agent_session_id from coding_agent_turns t where t.execution_process_id = p.id order by t.rowid desc limit 1) as told
    from execution_processes p left join sessions s on s.id = p.session_id where p.run_reason = 'codingagent'`;
}

type Stored = {
  readonly process: Omit<NeutralProcess, 'nth' | 'started_at'>;
  readonly created: string;
  readonly time: ForeignTime | undefined;
  readonly place: number;
};

function read(row: Record<string, unknown>, profiles: VibeProfiles | undefined): Stored {
  const said = readVibeAction(textOf(row.action) ?? '');
  const executor = said.executor;
  const variant = said.variant ?? DEFAULT_VARIANT;
  const profile = executor === null ? undefined : profiles?.(executor, variant);
  const created = textOf(row.created_at) ?? '';
  const thread = textOf(row.thread) ?? '';
  return {
    created,
    time: readForeignTime(created),
    place: Number(row.place),
    process: {
      id: textOf(row.id) ?? '',
      task_id: textOf(row.task),
      attempt_id: textOf(row.attempt),
      session_id: textOf(row.session),
      thread,
      owner: textOf(row.attempt) ?? thread,
      action: said.action,
      passed: said.passed,
      told: textOf(row.told),
      pre_retry: null,
      skip_context: skipOf(profile?.noContext, variant),
      dropped: Number(row.dropped) === 1 ? 'yes' : 'no',
      invalidated: 'no',
      resolved: null,
      taken_up: null,
      kept_through: null,
      ...spokenTo({ executor, variant, model: said.model }, profiles !== undefined, profile?.model),
      status: row.status === 'running' ? 'running' : 'ended',
      ended_at: textOf(row.completed_at),
    },
  };
}

/** Only the profile stores whether context was skipped. */
const skipOf = (noContext: boolean | undefined, variant: string): NeutralProcess['skip_context'] =>
  noContext === undefined ? (/NO_?CONTEXT/i.test(variant) ? 'yes' : 'unknown') : noContext ? 'yes' : 'no';

type Choice = { readonly executor: string | null; readonly variant: string; readonly model: string | null };

/**
 * The model that a process used, if known. A variant that the profiles file does not contain gets an agent that cannot
 * be parsed, so its model counts as unknown.
 */
function spokenTo(
  { executor, variant, model }: Choice,
  hasProfiles: boolean,
  resolved: string | null | undefined,
): Pick<NeutralProcess, 'agent' | 'variant' | 'model' | 'parameters'> {
  const agent = executor === null ? null : (parseAgent(executor) ?? executor);
  const parameters = '{}';
  if (model !== null) return { agent, variant: null, model, parameters };
  if (resolved !== undefined) return { agent, variant: null, model: resolved, parameters };
  if (!hasProfiles) return { agent, variant, model: null, parameters };
  return { agent: `unknown profile of ${agent}`, variant, model: null, parameters };
}

/**
 * Sorts the processes of each thread by parsed time, and equal times by row order. Reports unreadable and mixed
 * formats.
 */
function inOrder(stored: readonly Stored[]): { processes: NeutralProcess[]; oddities: Oddity[] } {
  const processes: NeutralProcess[] = [];
  const oddities: Oddity[] = [];
  for (const [, own] of Map.groupBy(stored, ({ process }) => process.thread)) {
    const sorted = own.toSorted(
      (a, b) => compareTexts(a.time?.sortable ?? '', b.time?.sortable ?? '') || a.place - b.place,
    );
    for (const [index, { process, time, created }] of sorted.entries()) {
      processes.push({ ...process, nth: index + 1, started_at: time?.sortable ?? created });
      const before = sorted[index - 1];
      const { id: subject, task_id, attempt_id, session_id } = process;
      const odd = (message: string): Oddity => ({
        rule: 'SV304',
        kind: 'process',
        id: subject,
        task_id,
        attempt_id,
        session_id,
        message,
      });
      if (time === undefined) oddities.push(odd(`its time cannot be read: ${created}`));
      else if (before?.time !== undefined && before.time.form !== time.form)
        oddities.push(odd(`its time is written as ${created}, that of the previous process as ${before.created}`));
    }
  }
  return { processes, oddities };
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function attemptNamed(processes: readonly NeutralProcess[], given: string): string {
  const wanted = given.toLowerCase().replaceAll('-', '');
  const found = [
    ...new Set(processes.map(({ attempt_id }) => attempt_id).filter((one) => one?.startsWith(wanted) === true)),
  ];
  const [one, another] = found;
  if (one == null) throw new NotFound(`there is no attempt ${given} with a coding agent`);
  if (another !== undefined) throw new NotFound(`several attempts begin with ${given}: ${found.join(', ')}`);
  return one;
}
