/** The kind of a request. `get` is never served from a snapshot; `look` stands for every other read. */
export type Kind =
  | 'project'
  | 'task'
  | 'attempt'
  | 'start'
  | 'standalone'
  | 'turn'
  | 'heartbeat'
  | 'logs'
  | 'usage'
  | 'agent-session'
  | 'finish'
  | 'stop'
  | 'delete'
  | 'feedback'
  | 'get'
  | 'look';

/** (session id, generation), as the API shows them. */
export type Ref = { readonly session: string; readonly generation: number };

/** Input tokens, output tokens, turns, cost. */
export type Usage = readonly [number, number, number, number];

/** The fields of the request that the checkers use. */
export type Asked = {
  readonly model?: string;
  readonly confirm?: 'keep' | Ref;
  readonly attempt?: string;
  readonly skipContext?: boolean;
  readonly preRetry?: string;
  readonly lost?: string;
  readonly onChange?: boolean;
  readonly lines?: readonly string[];
  readonly usage?: Usage;
  readonly ending?: string;
  readonly agentId?: string;
  readonly comment?: string;
  readonly title?: string;
  readonly parent?: string;
};

/** The fields of the response that the checkers use. */
export type Told = {
  readonly outcome?: string;
  readonly id?: string;
  readonly session?: string;
  readonly generation?: number;
  readonly model?: string;
  readonly process?: string;
  readonly seq?: number;
  readonly action?: string;
  readonly passed?: string | null;
  readonly reason?: string;
  readonly replaced?: Ref | null;
  readonly predecessor?: Ref | null;
  readonly deleted?: boolean;
  readonly appended?: number;
  readonly why?: string | null;
};

/**
 * One request of a client, as the client observed it. `unknown` means that the connection was lost, the request timed
 * out or the response was a 5xx, so that the client cannot know whether the request took effect.
 */
export type Operation = {
  readonly is: 'operation';
  readonly n: number;
  readonly client: number;
  readonly api: number;
  /**
   * Times on the campaign's monotonic clock in milliseconds: when the request was sent, and when the response arrived
   * or the client gave up.
   */
  readonly at: number;
  readonly until: number;
  readonly kind: Kind;
  /** The Idempotency-Key of the request. */
  readonly key?: string;
  /** `task/phase/mode`; absent for standalone sessions. */
  readonly slot?: string;
  readonly session?: string;
  readonly generation?: number;
  readonly process?: string;
  readonly asked: Asked;
  readonly outcome: 'ok' | 'refused' | 'unknown';
  readonly status?: number;
  readonly code?: string;
  readonly told?: Told;
  /**
   * Why the response itself breaks the contract: no problem document, or a problem that the operation must not return.
   */
  readonly malformed?: string;
};

/** A change that a follower of a project's change stream received. */
export type Received = {
  readonly is: 'change';
  readonly follower: string;
  readonly project: string;
  readonly at: number;
  /** Number of earlier connections of this follower. */
  readonly connection: number;
  readonly id: string;
  readonly session: string;
  readonly type: string;
  readonly generation: number;
};

/** An injected fault and its duration. For people who read a history; checkers ignore it. */
type Broken = { readonly is: 'fault'; readonly name: string; readonly at: number; readonly until: number };

export type Entry = Operation | Received | Broken;
