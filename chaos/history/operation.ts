/** What a client did. `get` is read fresh by contract; `look` is every other read. */
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

/** What was in the request, as far as a checker needs it. */
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

/** What the answer said, as far as a checker needs it. */
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
 * One call of a client, as the client saw it. `unknown`: the connection was lost, nothing came in time, or the answer was a 5xx, so that the
 * client cannot say whether anything was done.
 */
export type Operation = {
  readonly is: 'operation';
  readonly n: number;
  readonly client: number;
  readonly api: number;
  /** Milliseconds on the campaign's monotonic clock: when it was sent, and when the answer was there or was given up. */
  readonly at: number;
  readonly until: number;
  readonly kind: Kind;
  /** Its Idempotency-Key. */
  readonly key?: string;
  /** `task/phase/mode`; absent outside every slot. */
  readonly slot?: string;
  readonly session?: string;
  readonly generation?: number;
  readonly process?: string;
  readonly asked: Asked;
  readonly outcome: 'ok' | 'refused' | 'unknown';
  readonly status?: number;
  readonly code?: string;
  readonly told?: Told;
  /** What is wrong with the answer itself: no problem document, or one the operation must not give. */
  readonly malformed?: string;
};

/** A change as a follower received it. */
export type Received = {
  readonly is: 'change';
  readonly follower: string;
  readonly project: string;
  readonly at: number;
  /** How often this follower had connected before. */
  readonly connection: number;
  readonly id: string;
  readonly session: string;
  readonly type: string;
  readonly generation: number;
};

/** What was broken, and for how long; for who studies a history. */
type Broken = { readonly is: 'fault'; readonly name: string; readonly at: number; readonly until: number };

export type Entry = Operation | Received | Broken;
