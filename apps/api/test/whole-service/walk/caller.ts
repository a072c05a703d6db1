import type { Book } from './book.ts';
import type { Operation, Operations } from './operations.ts';
import { textAt } from './read.ts';
import type { Asking, Client, Seen } from './seen.ts';

export type Ask = (client: Client, operation: string, asking?: Asking) => Promise<Seen>;

type Calling = {
  readonly url: string;
  readonly operations: Operations;
  readonly book: Book;
  /** Receives each response before the caller does, to record and check it. */
  readonly tell: (seen: Seen) => void;
  /** Called before a call is sent; the returned function is called when the response has arrived. */
  readonly sending: (operation: string, asking: Asking) => () => void;
};

/** Sends calls with plain fetch and not with the product's client, which might hide mistakes. */
export function createCaller({ url, operations, book, tell, sending }: Calling): (step: number) => Ask {
  let calls = 0;
  return (step) =>
    async (client, id, asking = {}) => {
      const operation = operations.named(id);
      const path = addressOf(operation, asking);
      calls += 1;
      const call = calls;
      const sent = book.tick();
      const arrived = sending(id, asking);
      const response = await fetch(`${url}${path}`, {
        method: operation.method,
        headers: headersOf(client, operation, asking),
        ...bodyOf(operation, asking),
      });
      const text = await response.text();
      const answer = parsed(response, text);
      const seen: Seen = {
        ...{ call, step, client, operation: id, path, asking, sent, answered: book.tick() },
        ...{ status: response.status, code: response.ok ? undefined : textAt(answer, 'code'), answer, text },
        etag: response.headers.get('etag') ?? undefined,
      };
      book.write(seen);
      arrived();
      tell(seen);
      return seen;
    };
}

export function addressOf({ path }: Operation, { params = {}, query = {} }: Asking): string {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? 'missing'));
  const search = new URLSearchParams(query);
  return search.size === 0 ? address : `${address}?${search}`;
}

function headersOf(client: Client, { body }: Operation, asking: Asking): Record<string, string> {
  return {
    Authorization: `Bearer ${client.key}`,
    ...(body === 'json' && { 'Content-Type': 'application/json' }),
    ...(body === 'ndjson' && { 'Content-Type': 'application/x-ndjson' }),
    ...(asking.idempotencyKey !== undefined && { 'Idempotency-Key': asking.idempotencyKey }),
    ...(asking.ifMatch !== undefined && { 'If-Match': asking.ifMatch }),
  };
}

function bodyOf({ body }: Operation, asking: Asking): { body?: string } {
  if (body === 'json') return { body: JSON.stringify(asking.body ?? {}) };
  if (body === 'ndjson') return { body: (asking.lines ?? []).map((line) => JSON.stringify(line)).join('\n') };
  return {};
}

function parsed(response: Response, text: string): unknown {
  const type = response.headers.get('content-type') ?? '';
  if (!/json/.test(type) || /ndjson/.test(type) || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
