import { ApiProblem, type Client, createClient, errorsOf, ROUTES, type RouteSpec } from '@phaselock/contract';
import type { Asked, Kind, Operation, Told } from '../history/operation.ts';
import { type Recorder, roundedNow } from '../history/recorder.ts';

/** A prepared request. Sent again with the same idempotency key, it is the same request. */
export type Sending = {
  readonly kind: Kind;
  /** The operation of the API contract, which defines the allowed problems. */
  readonly route: keyof typeof ROUTES;
  readonly key?: string;
  readonly slot?: string;
  readonly session?: string;
  readonly generation?: number;
  readonly process?: string;
  readonly asked?: Asked;
  send(client: Client): Promise<Told>;
};

/** The outcome of a sent request. */
export type Said =
  | { readonly outcome: 'ok'; readonly told: Told }
  | { readonly outcome: 'refused'; readonly problem: ApiProblem }
  | { readonly outcome: 'unknown'; readonly problem?: ApiProblem };

/** An API client that sends requests to one of several addresses and records each request and response. */
export type Speaker = {
  readonly number: number;
  say(sending: Sending, api?: number): Promise<Said>;
  /** Switches to the next address. */
  turnAway(): void;
  /** Unrecorded clients, for calls that record their operations themselves, such as the items of a bulk request. */
  readonly client: (api: number) => Client;
  readonly api: () => number;
};

export type SpeakerOptions = {
  readonly number: number;
  readonly addresses: readonly string[];
  readonly key: string;
  readonly fetch: typeof fetch;
  readonly recorder: Recorder;
  readonly first: number;
};

export function createSpeaker({ number, addresses, key, fetch, recorder, first }: SpeakerOptions): Speaker {
  const clients = addresses.map((baseUrl) => createClient({ baseUrl, key, fetch }));
  let current = first % clients.length;
  const clientAt = (api: number): Client => {
    const client = clients[api % clients.length];
    if (client === undefined) throw new Error('no API address was given');
    return client;
  };
  const say = async (sending: Sending, api = current): Promise<Said> => {
    const { kind, route, send, asked = {}, ...named } = sending;
    const at = roundedNow();
    const base = { client: number, api, at, kind, ...named, asked };
    const record = (rest: Pick<Operation, 'outcome'> & Partial<Operation>) =>
      recorder.operation({ ...base, until: roundedNow(), ...rest });
    try {
      const told = await send(clientAt(api));
      record({ outcome: 'ok', told });
      return { outcome: 'ok', told };
    } catch (error) {
      if (!(error instanceof ApiProblem)) {
        record({ outcome: 'unknown', code: nameOf(error) });
        return { outcome: 'unknown' };
      }
      const { status, code } = error;
      const outcome = status >= 500 || status === 499 ? 'unknown' : 'refused';
      const malformed = wrongWith(error, route);
      const told = refOf(error);
      record({ outcome, status, code, ...(told && { told }), ...(malformed !== undefined && { malformed }) });
      return { outcome, problem: error };
    }
  };
  return {
    number,
    say,
    turnAway: () => {
      current = (current + 1) % clients.length;
    },
    client: clientAt,
    api: () => current,
  };
}

/** The session shown in a question or a refusal. */
function refOf({ problem: { session } }: ApiProblem): Told | undefined {
  return session && { session: session.id, generation: session.generation };
}

const ALLOWED: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries<RouteSpec>(ROUTES).map(([id, route]) => [id, new Set<string>(errorsOf(route))]),
);

function wrongWith({ problem: { detail }, code, status }: ApiProblem, route: keyof typeof ROUTES): string | undefined {
  if (detail?.endsWith('no problem document') === true) return detail;
  return ALLOWED.get(route)?.has(code) === true ? undefined : `${status} ${code} is not in the document for ${route}`;
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'lost';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
