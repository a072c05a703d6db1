import { AGENTS, parseAgent, STRICT_MODEL_POLICY } from '@phaselock/core';
import type { RuleId } from '../rules.ts';
import { type Counts, NotFound, type Source } from '../source.ts';
import { readForeignTime } from './foreign-time.ts';
import { foreignSource, type NeutralProcess } from './neutral-history.ts';
import { textOf } from './read-json.ts';
import { readSqliteFile, type SqliteFile } from './sqlite-file.ts';
import { readVibeAction, type VibeAction, type VibeChoice } from './vibe-action.ts';
import { idText } from './vibe-id.ts';
import { hasVibeLogs, readVibeLogs, type VibeHeard } from './vibe-logs.ts';
import { readVibeProfiles, type VibeProfiles } from './vibe-profiles.ts';
import { threadOf, timeOddities, type VibeProcess } from './vibe-thread.ts';
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
  'SV407',
];
const DEFAULT_VARIANT = 'DEFAULT';
const NOTHING_HEARD: VibeHeard = { told: null, refused: false };

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
  const { stored, later, logs, notes } = readSqliteFile(path, (file) => ({
    ...readProcesses(file, known),
    logs: hasVibeLogs(file),
    notes: file.notes,
  }));
  const threads = [...Map.groupBy(stored, ({ process }) => process.thread).values()];
  const tellers = Map.groupBy(stored, ({ process }) => process.told);
  const processes = threads.flatMap((own) => threadOf(own, (id) => tellers.get(id) ?? []));
  const found = foundIn(processes, wanted);
  return foreignSource({
    description: `${KIND} ${path} (read-only)${later ? '' : ', attempts with executor sessions'}`,
    notes: [
      ...notes,
      profiles === undefined
        ? 'Models: only those that actions store. Without a profiles file (--profiles), the model of a variant is unknown.'
        : `Models: from ${profiles}, which may have changed since the runs.`,
      ...(logs ? [] : ['Logs: not in this database, so a resume that the agent refused cannot be seen.']),
    ],
    traits: { freshStaysInThread: true, neverResumesDropped: true, policy: STRICT_MODEL_POLICY },
    processes,
    oddities: threads.flatMap(timeOddities),
    wanted: found,
    answers: new Set(ANSWERS),
    counts: countIn(processes.filter(({ task_id }) => found.kind !== 'task' || task_id === found.given)),
  });
}

function countIn(processes: readonly NeutralProcess[]): Counts {
  const sessions = new Set(processes.map(({ thread }) => thread)).size;
  const tasks = new Set(processes.map(({ task_id }) => task_id).filter(Boolean)).size;
  return {
    sessions,
    sessionsWithTasks: sessions,
    orphaned: 0,
    tasks,
    validTasks: tasks,
    interactions: processes.length,
  };
}

/** Reads the processes that started an agent, in either schema. */
function readProcesses(
  file: SqliteFile,
  profiles: VibeProfiles | undefined,
): { readonly stored: readonly VibeProcess[]; readonly later: boolean } {
  file.demand(KIND, 'execution_processes', 'id', 'run_reason', 'executor_action', 'status', 'created_at');
  const later = file.has('coding_agent_turns');
  const { sql, told } = later ? laterShape(file) : earlierShape(file);
  const rows = [...file.rows(sql)].map((row) => ({ row, said: readVibeAction(textOf(row.action) ?? '') }));
  const passed = new Map(rows.map(({ row, said }) => [String(row.id), said.kind === 'agent' ? said.passed : null]));
  const heard = readVibeLogs(file, passed, `p.status <> 'completed' or ${told} is null`);
  const stored = rows.flatMap(({ row, said }) =>
    said.kind === 'script' ? [] : [read(row, said, heard.get(String(row.id)) ?? NOTHING_HEARD, profiles)],
  );
  return { stored, later };
}

const optional = (file: SqliteFile, table: string, column: string, otherwise: string): string =>
  file.has(table, column) ? `p.${column}` : otherwise;

const common = (file: SqliteFile): string => `
  ${idText('p.id')} as id, p.executor_action as action, p.status, p.created_at, p.rowid as place,
  ${optional(file, 'execution_processes', 'completed_at', 'null')} as completed_at,
  ${optional(file, 'execution_processes', 'dropped', '0')} as dropped`;

/** The statement for all processes of coding agents, and the SQL expression for the id that `p` reported. */
type Shape = { readonly sql: string; readonly told: string };

function earlierShape(file: SqliteFile): Shape {
  file.demand(KIND, 'execution_processes', 'task_attempt_id');
  file.demand(KIND, 'executor_sessions', 'execution_process_id', 'session_id');
  file.demand(KIND, 'task_attempts', 'id', 'task_id');
  const told = `(select e.session_id from executor_sessions e where e.execution_process_id = p.id order by e.rowid desc limit 1)`;
  const sql = `
    select ${common(file)}, ${idText('p.task_attempt_id')} as attempt, ${idText('p.task_attempt_id')} as thread, ${idText('a.task_id')} as task,
           null as session, ${told} as told
    from execution_processes p left join task_attempts a on a.id = p.task_attempt_id where p.run_reason = 'codingagent'`;
  return { sql, told };
}

function laterShape(file: SqliteFile): Shape {
  file.demand(KIND, 'execution_processes', 'session_id');
  file.demand(KIND, 'coding_agent_turns', 'execution_process_id', 'agent_session_id');
  file.demand(KIND, 'sessions', 'id', 'workspace_id');
  const task = file.has('workspaces', 'task_id')
    ? `(select ${idText('w.task_id')} from workspaces w where w.id = s.workspace_id)`
    : 'null';
  const told = `(select t.agent_session_id from coding_agent_turns t where t.execution_process_id = p.id order by t.rowid desc limit 1)`;
  const sql = `
    select ${common(file)}, ${idText('s.workspace_id')} as attempt, ${idText('p.session_id')} as thread, ${task} as task,
           ${idText('p.session_id')} as session, ${told} as told
    from execution_processes p left join sessions s on s.id = p.session_id where p.run_reason = 'codingagent'`;
  return { sql, told };
}

function read(
  row: Record<string, unknown>,
  said: Exclude<VibeAction, { kind: 'script' }>,
  heard: VibeHeard,
  profiles: VibeProfiles | undefined,
): VibeProcess {
  const { executor } = said;
  const variant = said.variant ?? DEFAULT_VARIANT;
  const profile = executor === null ? undefined : profiles?.(executor, variant);
  const created = textOf(row.created_at) ?? '';
  const completed = textOf(row.completed_at);
  const thread = textOf(row.thread) ?? '';
  const told = textOf(row.told);
  return {
    created,
    time: readForeignTime(created),
    place: Number(row.place),
    heard,
    stored: told !== null,
    process: {
      id: textOf(row.id) ?? '',
      task_id: textOf(row.task),
      attempt_id: textOf(row.attempt),
      session_id: textOf(row.session),
      thread,
      owner: textOf(row.attempt) ?? thread,
      action: said.kind === 'agent' ? said.action : null,
      passed: said.kind === 'agent' ? said.passed : null,
      doubt: said.kind === 'agent' ? null : said.why,
      told: told ?? heard.told,
      pre_retry: null,
      skip_context: skipOf(said, profile?.noContext, variant),
      dropped: Number(row.dropped) === 1 ? 'yes' : 'no',
      resolved: null,
      taken_up: null,
      kept_through: null,
      ...modelOf({ executor, variant, model: said.model }, profile?.model),
      status: row.status === 'running' ? 'running' : 'ended',
      ended_at: completed === null ? null : (readForeignTime(completed)?.sortable ?? completed),
    },
  };
}

/** Only the profile stores whether context was skipped. */
function skipOf(said: VibeAction, noContext: boolean | undefined, variant: string): NeutralProcess['skip_context'] {
  if (noContext ?? /NO_?CONTEXT/i.test(variant)) return 'yes';
  return noContext === undefined || (said.kind === 'agent' && said.review) ? 'unknown' : 'no';
}

/**
 * The model that a process used. A variant is the name of a profile: without its profile the model is unknown, except
 * of an agent that has only one.
 */
function modelOf(
  { executor, variant, model }: VibeChoice,
  resolved: string | null | undefined,
): Pick<NeutralProcess, 'agent' | 'variant' | 'model' | 'model_known' | 'parameters'> {
  const known = executor === null ? undefined : parseAgent(executor);
  const agent = known ?? executor;
  const parameters = '{}';
  if (model !== null) return { agent, variant: null, model, model_known: 'yes', parameters };
  if (resolved !== undefined) return { agent, variant: null, model: resolved, model_known: 'yes', parameters };
  const only = known !== undefined && !AGENTS[known].hasConfigurableModel;
  return { agent, variant: only ? null : variant, model: null, model_known: only ? 'yes' : 'no', parameters };
}

/** The scope with the full id of its attempt or task. */
function foundIn(processes: readonly NeutralProcess[], wanted: ForeignWanted): ForeignWanted {
  if (wanted.kind === 'all') return wanted;
  const id = wanted.given.toLowerCase().replaceAll('-', '');
  if (wanted.kind === 'attempt') return { ...wanted, given: attemptNamed(processes, wanted.given, id) };
  if (processes.some(({ task_id }) => task_id === id)) return { ...wanted, given: id };
  throw new NotFound(`there is no task ${wanted.given} with a coding agent`);
}

function attemptNamed(processes: readonly NeutralProcess[], given: string, id: string): string {
  const found = [
    ...new Set(processes.map(({ attempt_id }) => attempt_id).filter((one) => one?.startsWith(id) === true)),
  ];
  const [one, another] = found;
  if (one == null) throw new NotFound(`there is no attempt ${given} with a coding agent`);
  if (another !== undefined) throw new NotFound(`several attempts begin with ${given}: ${found.join(', ')}`);
  return one;
}
