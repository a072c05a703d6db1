/**
 * `all` may do everything, `limited` must not replace, `other` belongs to another project; `made` is for keys created
 * during the walk.
 */
export type ClientName = 'all' | 'limited' | 'other' | 'made';

export type Client = { readonly name: ClientName; readonly key: string };

/** The name of a client's key, which events record as the actor. */
export const actorOf = (name: ClientName): string => `the walk's ${name}`;

export type Body = Readonly<Record<string, unknown>>;

export type Asking = {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly lines?: readonly Body[];
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
};

/**
 * A call and its response. `sent` and `answered` are ticks of one counter, so a call answered before another was sent
 * happened before it.
 */
export type Seen = {
  readonly call: number;
  readonly step: number;
  readonly client: Client;
  readonly operation: string;
  readonly path: string;
  readonly asking: Asking;
  readonly sent: number;
  readonly answered: number;
  readonly status: number;
  readonly code: string | undefined;
  readonly answer: unknown;
  readonly text: string;
  readonly etag: string | undefined;
};

export const succeeded = ({ status }: Seen): boolean => status < 300;
