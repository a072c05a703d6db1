import { TOTALS } from '../usage.ts';
import type { ToldEvent, ToldSession, Values } from './told-session.ts';

type Changing = Record<string, string | null>;

/** The columns of a session and of its processes that its events prove, with their values. Others are unknown. */
export type Proven = {
  readonly session: Values;
  readonly processes: ReadonlyMap<string, Values>;
  /** Every conversation that an event names, so that an outdated one is told apart from one that no event names. */
  readonly conversations: ReadonlySet<string>;
  /** The version of a session of which every change has its event. */
  readonly version: number;
};

export const MODEL = ['agent', 'variant', 'model', 'resolved_model', 'parameters'] as const;
const STARTED = ['action', 'passed_session_id', 'pre_retry_session_id', 'skip_context'] as const;
export const BIRTHS: ReadonlySet<string> = new Set(['created', 'replaced', 'created-beside', 'standalone-started']);
/** Each of these raises the version by one, also a loss, unless the next start found it. */
const COUNTED: ReadonlySet<string> = new Set([
  'turn-started',
  'turn-finished',
  'closed',
  'kept',
  'adopted',
  'conversation-told',
  'usage-booked',
  'deleted',
]);

type State = {
  readonly session: Changing;
  milestone: string | null;
  readonly processes: Map<string, Changing>;
  readonly conversations: Set<string>;
  version: number;
  /** The process that runs after the events so far. */
  running: string | null;
  left: boolean;
};

/** Goes through the events of a session in order, as the functions of the database wrote them. */
export function replayEvents({ session: row, events }: Pick<ToldSession, 'session' | 'events'>): Proven {
  const state: State = {
    session: {},
    milestone: row.milestone_id ?? null,
    processes: new Map(),
    conversations: new Set(),
    version: 1,
    running: null,
    left: false,
  };
  for (const [at, one] of events.entries()) {
    if (one.event.session_id === row.id) apply(state, one, events[at + 1]);
    else leave(state, one, one.event.session_id ?? null);
  }
  const { session, processes, conversations, version } = state;
  if (session.status !== undefined && state.running === null) session.lease_expires_at = null;
  // A session from before the events may have ended before them.
  if (!state.left && session.created_at !== undefined)
    Object.assign(session, { deleted_at: null, deleted_reason: null, replaced_by: null });
  // Older releases recorded no conversations.
  if ([...processes.values()].some(({ action }) => action === undefined)) delete session.agent_session_id;
  return { session, processes, conversations, version };
}

function apply(state: State, one: ToldEvent, next: ToldEvent | undefined): void {
  const { event, model } = one;
  const { session } = state;
  const { type, at = null, reason = null } = event;
  if (type === undefined || type === null) return;
  if (COUNTED.has(type)) state.version += 1;
  // A loss that the next start found was recorded with it, under one version.
  if (type === 'turn-lost' && !(next?.event.type === 'turn-started' && next.event.at === at)) state.version += 1;
  if (BIRTHS.has(type)) begin(state, one);
  switch (type) {
    case 'adopted':
      session.guarded = 'true';
      return;
    case 'kept':
      Object.assign(session, modelIn(model));
      return;
    case 'closed':
      Object.assign(session, { status: reason, ended_at: at });
      return;
    case 'deleted':
      leave(state, one, reason === 'collapsed' ? one.into : null);
      return;
    case 'turn-started':
      start(state, one);
      return;
    case 'turn-finished':
    case 'turn-lost':
      end(state, one);
      return;
    default:
      tell(state, one);
  }
}

function begin(state: State, { event, detail, model }: ToldEvent): void {
  const { session } = state;
  const { type, phase, mode, generation, predecessor_id, at, actor } = event;
  Object.assign(session, { phase, mode, generation, predecessor_id, created_at: at, created_by: actor });
  session.guarded = String(type === 'created' || type === 'replaced');
  session.standalone = String(type === 'standalone-started');
  session.status = predecessor_id === null ? 'ready' : 'pending';
  session.ended_at = null;
  if (model === null) return;
  state.milestone = detail.milestone_id ?? null;
  Object.assign(session, modelIn(model), { milestone_id: state.milestone, agent_session_id: null });
}

/** A name that was not resolved then may have been resolved by the first process. */
const modelIn = (model: Values | null): Changing =>
  Object.fromEntries(
    MODEL.flatMap((column) => {
      const value = model?.[column];
      return value === undefined || (column === 'resolved_model' && value === null) ? [] : [[column, value]];
    }),
  );

function leave(state: State, { event }: ToldEvent, successor: string | null): void {
  if (event.type === 'replaced') state.version += 1;
  state.left = true;
  state.session.deleted_at = event.at ?? null;
  state.session.deleted_reason = event.reason ?? null;
  state.session.replaced_by = successor;
}

function start(state: State, { event, detail, model }: ToldEvent): void {
  const id = detail.process_id ?? '';
  const { at = null, reason = null, generation = null, task_id = null } = event;
  const process: Changing = { task_id, reason, generation, started_at: at, seq: detail.seq ?? null, status: 'running' };
  process.ended_at = null;
  if (detail.attempt_id != null) process.attempt_id = detail.attempt_id;
  if (model !== null) {
    for (const column of STARTED) process[column] = detail[column] ?? null;
    Object.assign(process, modelIn(model), { agent_session_id: null, exit_code: null });
  }
  state.processes.set(id, process);
  state.running = id;
  Object.assign(state.session, { status: 'running', ended_at: null });
}

function end(state: State, one: ToldEvent): void {
  const { event, detail } = one;
  const id = detail.process_id ?? '';
  const process = state.processes.get(id);
  if (process === undefined) return;
  const { at = null } = event;
  const lost = event.type === 'turn-lost' || event.reason === 'lost';
  const inTime = state.running === id && !state.left && !lost;
  if (inTime) process.ended_at = later(process.started_at ?? null, at);
  // It ended when its lease expired, which no event records. After a loss, that time stays.
  else if (process.status === 'running') delete process.ended_at;
  process.status = event.reason ?? null;
  if (detail.exit_code !== undefined) process.exit_code = detail.exit_code;
  tell(state, one);
  if (state.running !== id) return;
  state.running = null;
  const { session } = state;
  if (session.status !== 'running') return;
  if (session.standalone === 'true' && state.milestone === null) {
    session.status = ENDS_AS[event.reason ?? ''] ?? 'failed';
    session.ended_at = session.ended_at ?? at;
  } else session.status = state.left ? 'stopped' : 'ready';
}

/** How a temporary session ends with its process. */
const ENDS_AS: Values = { completed: 'completed', killed: 'stopped' };

/** What a process reported: its conversation and its usage. */
function tell({ session, processes, conversations }: State, { detail, usage }: ToldEvent): void {
  const process = processes.get(detail.process_id ?? '');
  if (process === undefined) return;
  const told = detail.agent_session_id ?? null;
  if (told !== null) {
    conversations.add(told);
    // Only an id that was not known before becomes the conversation of the session.
    if (process.agent_session_id !== told) session.agent_session_id = told;
    process.agent_session_id = told;
  }
  for (const column of TOTALS) if (usage?.[column] != null) process[column] = usage[column];
}

/** Times are printed in UTC with up to six digits of a second, so their order is that of their texts. */
const later = (one: string | null, other: string | null): string | null =>
  one !== null && other !== null && one > other ? one : other;
