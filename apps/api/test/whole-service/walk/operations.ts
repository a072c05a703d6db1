import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, entriesAt, listAt, textAt } from './read.ts';

export type Parameter = { readonly name: string; readonly place: string; readonly schema: unknown };

/** An operation as described by the published OpenAPI document, the only source a client has. */
export type Operation = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly takesIdempotencyKey: boolean;
  readonly body: 'json' | 'ndjson' | 'none';
  readonly bodyFields: readonly string[];
  /** Documented statuses below 400. */
  readonly successes: ReadonlySet<number>;
  readonly codes: ReadonlyMap<number, ReadonlySet<string>>;
};

export type Operations = {
  readonly all: readonly Operation[];
  /** Throws if the document has no such operation. */
  named(id: string): Operation;
  /** Finds an operation by method and path, for operations that may not exist or have another name. */
  at(method: string, path: RegExp): Operation | undefined;
};

const DOCUMENT = join(import.meta.dirname, '../../../../../docs/openapi.json');
/** Operations for monitoring, without authentication or state. */
const NOT_WALKED = new Set(['liveness', 'readiness', 'metrics']);

/** Streams are opened by their own moves. */
const STREAMS = new Set(['taskChanges', 'projectChanges']);
export const isStream = ({ id }: Operation): boolean => STREAMS.has(id);

export function readOperations(): Operations {
  const document: unknown = JSON.parse(readFileSync(DOCUMENT, 'utf8'));
  const all = entriesAt(document, 'paths')
    .flatMap(([path, methods]) =>
      Object.entries(Object(methods)).map(([method, spec]) => operationOf(document, path, method, spec)),
    )
    .filter(({ id }) => !NOT_WALKED.has(id));
  const byId = new Map(all.map((operation) => [operation.id, operation]));
  return {
    all,
    at: (method, path) => all.find((one) => one.method === method && path.test(one.path)),
    named: (id) => {
      const found = byId.get(id);
      if (found === undefined) throw new Error(`docs/openapi.json has no operation ${id}`);
      return found;
    },
  };
}

function operationOf(document: unknown, path: string, method: string, spec: unknown): Operation {
  const parameters = listAt(spec, 'parameters').map((one) => ({
    name: textAt(one, 'name') ?? '',
    place: textAt(one, 'in') ?? '',
    schema: at(one, 'schema'),
  }));
  const content = new Map(entriesAt(spec, 'requestBody.content'));
  const json = content.get('application/json');
  const answers = entriesAt(spec, 'responses').map(([status, answer]) => [Number(status), answer] as const);
  return {
    id: textAt(spec, 'operationId') ?? `${method} ${path}`,
    method: method.toUpperCase(),
    path,
    parameters,
    takesIdempotencyKey: parameters.some(({ name }) => name.toLowerCase() === 'idempotency-key'),
    body: json !== undefined ? 'json' : content.size > 0 ? 'ndjson' : 'none',
    bodyFields: entriesAt(schemaOf(document, at(json, 'schema')), 'properties').map(([name]) => name),
    successes: new Set(answers.map(([status]) => status).filter((status) => status < 400)),
    codes: new Map(
      answers
        .filter(([status]) => status >= 400)
        .map(([status, answer]) => [status, codesIn(textAt(answer, 'description') ?? '')]),
    ),
  };
}

function schemaOf(document: unknown, schema: unknown): unknown {
  const name = textAt(schema, '$ref')?.split('/').at(-1);
  return name === undefined ? schema : at(document, `components.schemas.${name}`);
}

const codesIn = (description: string): Set<string> =>
  new Set([...description.matchAll(/`(\w+)`/g)].map(([, code = '']) => code));
