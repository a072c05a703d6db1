import { DatabaseSync } from 'node:sqlite';

export type VibeRun = {
  /** The type of its action; by default that of an initial or a follow-up request. */
  readonly type?: string;
  readonly executor?: string;
  /** Messages of its log, one for each line, such as `{ Stderr: '…' }`. */
  readonly logs?: readonly Readonly<Record<string, string>>[];
  readonly variant?: string;
  readonly passed?: string;
  readonly told?: string | null;
  readonly attempt?: number;
  readonly status?: string;
  readonly completed?: string | null;
  readonly dropped?: boolean;
  readonly action?: string;
  readonly at?: string;
  readonly model?: string;
};

const blob = (kind: number, number: number): Uint8Array =>
  Buffer.from(`${kind}${String(number).padStart(31, '0')}`, 'hex');
export const processId = (number: number): string => `1${String(number).padStart(31, '0')}`;
export const taskId = (number: number): string => `3${String(number).padStart(31, '0')}`;
export const attemptId = (number: number): string => `2${String(number).padStart(31, '0')}`;

const timeOf = (index: number): string => `2026-01-26T09:${String(index).padStart(2, '0')}:00.123456789+00:00`;

const typeOf = ({ type, passed }: VibeRun): string =>
  type ?? (passed === undefined ? 'CodingAgentInitialRequest' : 'CodingAgentFollowUpRequest');

function actionOf(run: VibeRun): string {
  const { variant, passed, action, executor = 'CLAUDE_CODE' } = run;
  if (action !== undefined) return action;
  return JSON.stringify({
    typ: {
      type: typeOf(run),
      prompt: 'go on',
      ...(passed !== undefined && { session_id: passed }),
      executor_profile_id: { executor, ...(variant !== undefined && { variant }) },
    },
    next_action: null,
  });
}

/** Writes a database as vibe-kanban of January 2026 does, with the runs one after the other. */
export function makeVibeKanban(path: string, runs: readonly VibeRun[], { withLogs = true } = {}): void {
  using database = opened(path);
  database.exec(`
    pragma journal_mode = wal;
    create table task_attempts (id blob primary key, task_id blob not null, executor text, branch text);
    create table execution_processes (
      id blob primary key, task_attempt_id blob not null, run_reason text not null, executor_action text not null default '',
      status text not null, exit_code integer, dropped boolean not null default 0, completion_reason text,
      started_at text not null, completed_at text, created_at text not null, updated_at text not null);
    create table executor_sessions (
      id blob primary key, task_attempt_id blob not null, execution_process_id blob not null, session_id text, prompt text, summary text);
    create table execution_process_logs (
      execution_id blob not null, logs text not null, byte_size integer not null, inserted_at text not null default (datetime('now', 'subsec')));
    begin`);
  for (const [index, run] of runs.entries()) {
    const {
      attempt = 1,
      status = 'completed',
      told = `s-${index}`,
      dropped = false,
      at = timeOf(index),
      completed = at,
    } = run;
    database
      .prepare('insert or ignore into task_attempts values (?, ?, ?, ?)')
      .run(blob(2, attempt), blob(3, attempt), 'CLAUDE_CODE', 'main');
    database
      .prepare('insert into execution_processes values (?, ?, ?, ?, ?, 0, ?, null, ?, ?, ?, ?)')
      .run(
        blob(1, index),
        blob(2, attempt),
        'codingagent',
        actionOf(run),
        status,
        Number(dropped),
        at,
        completed,
        at,
        at,
      );
    database
      .prepare('insert into executor_sessions values (?, ?, ?, ?, null, null)')
      .run(blob(4, index), blob(2, attempt), blob(1, index), told);
    const log = (run.logs ?? []).map((message) => `${JSON.stringify(message)}\n`).join('');
    database
      .prepare('insert into execution_process_logs (execution_id, logs, byte_size) values (?, ?, ?)')
      .run(blob(1, index), log, log.length);
    // A setup script is not a coding agent, so the audit must ignore it.
    database
      .prepare(
        `insert into execution_processes values (?, ?, 'setupscript', '{"typ":{"type":"ScriptRequest"}}', 'completed', 0, 0, null, ?, ?, ?, ?)`,
      )
      .run(blob(5, index), blob(2, attempt), at, at, at, at);
  }
  database.exec(`commit; ${withLogs ? '' : 'drop table execution_process_logs'}`);
}

/** Writes a database as upstream vibe-kanban does since December 2025. */
export function makeLaterVibeKanban(path: string, runs: readonly VibeRun[]): void {
  using database = opened(path);
  database.exec(`
    create table workspaces (id blob primary key, task_id blob);
    create table sessions (id blob primary key, workspace_id blob not null, executor text);
    create table execution_processes (
      id blob primary key, session_id blob not null, run_reason text not null, executor_action text not null default '{}',
      status text not null, exit_code integer, dropped boolean not null default 0, started_at text, completed_at text, created_at text, updated_at text);
    create table coding_agent_turns (id blob primary key, execution_process_id blob, agent_session_id text, agent_message_id text, prompt text);
    create table log_entries (id integer primary key, execution_id blob not null, output_type text not null, content text not null);
    begin`);
  for (const [index, run] of runs.entries()) {
    const { attempt = 1, status = 'completed', told = `s-${index}`, at = timeOf(index), model } = run;
    const action = JSON.stringify({
      typ: {
        type: typeOf(run),
        ...(run.passed !== undefined && { session_id: run.passed }),
        executor_config: { executor: 'CLAUDE_CODE', model_id: model ?? 'claude-sonnet-4-5' },
      },
    });
    database.prepare('insert or ignore into workspaces values (?, ?)').run(blob(2, attempt), blob(3, attempt));
    database
      .prepare('insert or ignore into sessions values (?, ?, ?)')
      .run(blob(6, attempt), blob(2, attempt), 'CLAUDE_CODE');
    database
      .prepare('insert into execution_processes values (?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?)')
      .run(blob(1, index), blob(6, attempt), 'codingagent', run.action ?? action, status, at, at, at, at);
    database
      .prepare('insert into coding_agent_turns values (?, ?, ?, null, null)')
      .run(blob(4, index), blob(1, index), told);
    for (const [type, content] of (run.logs ?? []).flatMap(Object.entries<string>)) {
      database
        .prepare('insert into log_entries (execution_id, output_type, content) values (?, ?, ?)')
        .run(blob(1, index), type, content);
    }
  }
  database.exec('commit');
}

function opened(path: string): DatabaseSync & Disposable {
  const database = new DatabaseSync(path);
  return Object.assign(database, { [Symbol.dispose]: () => database.close() });
}
