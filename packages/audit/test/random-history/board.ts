import type {
  AgentSessionId,
  AttemptId,
  Generation,
  ModelId,
  ProfileId,
  ProjectId,
  SessionId,
  ShownSession,
  TaskId,
} from '@phaselock/core';
import {
  type BeginStandalone,
  type BulkItem,
  type CloseSession,
  type FinishTurn,
  type IdempotencyKey,
  type OpenGuard,
  type Start,
  type StartedTurn,
  type StartTurn,
  type TurnToken,
  toPhaselockError,
} from '@phaselock/guard';
import type { Random } from '../../../../chaos/random.ts';

/** What a client reads in the answer to a start. */
export type StartAnswer = {
  readonly kind: string;
  readonly code?: string;
  readonly question?: string;
  readonly session?: { readonly id: SessionId; readonly generation: Generation };
  /** The session that a question showed. */
  readonly shown?: ShownSession;
  readonly predecessor?: ShownSession;
};

/** What a client reads in the answer to a turn. */
export type TurnAnswer =
  | Pick<StartedTurn, 'kind' | 'session' | 'processId' | 'seq' | 'action' | 'passedSessionId' | 'replaced'>
  | { readonly kind: 'ask' | 'refused'; readonly code?: string; readonly question?: string };

/** The operations that a client calls: on a guard of its own, or over HTTP. */
export type Calls = Pick<
  OpenGuard,
  | 'addAttempt'
  | 'addModel'
  | 'addTask'
  | 'appendLogs'
  | 'bulkDelete'
  | 'deleteAttempt'
  | 'deleteTask'
  | 'editModel'
  | 'editProfile'
  | 'recordFeedback'
  | 'recordUsage'
  | 'removeModel'
  | 'reportAgentSession'
  | 'softDelete'
> & {
  start(request: Start): Promise<StartAnswer>;
  bulkStart(items: readonly BulkItem[], key: { readonly idempotencyKey?: IdempotencyKey }): Promise<StartAnswer[]>;
  beginStandalone(request: BeginStandalone): Promise<{ readonly id: SessionId; readonly generation: Generation }>;
  startTurn(request: StartTurn): Promise<TurnAnswer>;
  heartbeat(token: TurnToken): Promise<{ readonly kind: 'continue' } | { readonly kind: 'stop'; readonly why: string }>;
  finishTurn(finish: FinishTurn): Promise<{ readonly replaced: boolean }>;
  closeSession(close: CloseSession): Promise<unknown>;
};

export type KnownSession = ShownSession & {
  /** Whether a client has learned that it was replaced or deleted. */
  gone: boolean;
};

export type KnownTurn = {
  readonly token: TurnToken;
  readonly passed: AgentSessionId | null;
  /** Whether a client has reported its ending. */
  over: boolean;
};

/** A call with an idempotency key, which may be sent again. */
type Repeat = { readonly operation: string; readonly send: (calls: Calls) => Promise<string> };

/** What the clients know of one task, and the calls that concerned it. */
export type TaskCard = {
  readonly taskId: TaskId;
  readonly attempts: AttemptId[];
  readonly sessions: KnownSession[];
  readonly turns: KnownTurn[];
  readonly told: AgentSessionId[];
  /** Starts that were answered with a question, and the session that was shown. */
  readonly asked: { readonly request: Start; readonly shown: ShownSession }[];
  readonly repeats: Repeat[];
  readonly calls: string[];
  /** The number of calls from which the user of the task takes part in the rollout. */
  readonly enrolledFrom: number;
};

/** What clients change for all tasks. */
export type Settings = {
  guardOn: boolean;
  strategy: 'pessimistic' | 'optimistic' | 'redis';
  /** A model that is removed and added again. */
  haiku: ModelId | undefined;
  readonly alias: ModelId;
  readonly profile: ProfileId;
};

/** What is done to the database apart from the calls of clients. */
export type Upkeep = {
  lapse(session: ShownSession): Promise<boolean>;
  sweep(): Promise<number>;
  /** Archives and purges sessions that are due. Returns how many were purged. */
  purge(): Promise<number>;
  deleteOrphans(): Promise<number>;
  /** Reports as a runner of the previous release, which uses other SQL calls. Returns the outcome. */
  reportAsBefore(turn: KnownTurn, report: 'heartbeat' | 'id' | 'log' | 'usage' | 'finish', id: string): Promise<string>;
};

export type Board = {
  readonly projectId: ProjectId;
  readonly settings: Settings;
  readonly upkeep: Upkeep;
  readonly cards: TaskCard[];
  /** A text that occurs once in the history. */
  unique(name: string): string;
};

/** One call of one client, and the task that it is about. */
export type Scene = {
  readonly random: Random;
  readonly calls: Calls;
  readonly board: Board;
  readonly card: TaskCard;
  /** Describes the call for the report of a finding. */
  tell(text: string): void;
};

/** Returns the outcome, which begins with `refused` if nothing was done, or undefined if there is nothing to act on. */
export type Operation = (scene: Scene) => Promise<string | undefined>;

export const short = (id: string): string => id.slice(-8);

/** Usually one of the newest sessions that are still live, as far as the clients know. */
export function anySession({ random, card: { sessions } }: Pick<Scene, 'random' | 'card'>): KnownSession | undefined {
  const live = sessions.filter(({ gone }) => !gone);
  return pickRecent(random, random.chance(0.8) && live.length > 0 ? live : sessions);
}

/** Usually one of the newest. */
export function pickRecent<Item>(random: Random, items: readonly Item[]): Item | undefined {
  if (items.length === 0) return undefined;
  return random.pick(random.chance(0.75) ? items.slice(-3) : items);
}

export const outcomeOf = (answer: { readonly kind: string; readonly code?: string; readonly question?: string }) =>
  answer.kind === 'refused' || answer.kind === 'failed'
    ? `refused ${answer.code}`
    : [answer.kind, ...(answer.question === undefined ? [] : [answer.question])].join(' ');

/** Turns a refusal into an outcome. Throws what no caller should receive, with the last calls about the task. */
export function refusalOf(error: unknown, calls: readonly string[]): string {
  const { code } = toPhaselockError(error, 'unexpected');
  if (code === 'unexpected' || code === 'session_create_failed')
    throw new Error(['a call failed, after', ...calls.slice(-20)].join('\n  '), { cause: error });
  return `refused ${code}`;
}

export function rememberSession({ sessions }: TaskCard, { sessionId, generation }: ShownSession): void {
  if (!sessions.some((known) => known.sessionId === sessionId)) sessions.push({ sessionId, generation, gone: false });
}

export function rememberGone({ sessions }: TaskCard, gone: ShownSession['sessionId'] | undefined): void {
  for (const session of sessions) if (session.sessionId === gone) session.gone = true;
}
