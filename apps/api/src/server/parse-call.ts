import type { IncomingMessage } from 'node:http';
import { DEFAULT_BODY_LIMIT, type Problem, type RouteSpec } from '@phaselock/contract';
import { PhaselockError } from '@phaselock/core';
import { isMediaType } from '../intake/media-type.ts';
import { parseNdjson } from '../intake/ndjson.ts';
import { readBody } from '../intake/read-body.ts';
import { parseStrictJson } from '../intake/strict-json.ts';
import type { AnyCall } from './handle.ts';
import { Refusal } from './refusal.ts';

type Parsed = Pick<AnyCall, 'params' | 'query' | 'body' | 'lines'> & {
  /** The body as it was sent; an Idempotency-Key is bound to it. */
  readonly given: unknown;
};

type Issue = NonNullable<Problem['issues']>[number];
type Unparsed = { readonly params: unknown; readonly query: unknown };

const MAX_LINES = 5_000;
const MAX_ISSUES = 20;
/** Limits the text of an issue, because it may quote what was sent, such as all unknown keys. */
const MAX_TEXT = 500;

/** Reads and parses the whole request, and reports all its mistakes at once. */
export async function parseCall(
  route: RouteSpec,
  { params, query }: Unparsed,
  request: IncomingMessage,
): Promise<Parsed> {
  const { given, lines } = (route.body ?? route.line) ? await readGiven(route, request) : NOTHING_GIVEN;
  const issues: Issue[] = [];
  const parse = (schema: RouteSpec['body'], value: unknown, where: string): unknown => {
    if (schema === undefined) return undefined;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues) {
      issues.push({
        path: [where, ...path.map(String)].join('.').slice(0, MAX_TEXT),
        message: message.slice(0, MAX_TEXT),
      });
    }
    return undefined;
  };
  const parsed: Parsed = {
    params: parse(route.params, params, 'path'),
    query: parse(route.query, query, 'query'),
    body: parse(route.body, given, 'body'),
    lines: {
      repaired: lines.repaired,
      items: lines.items.map((line, index) => parse(route.line, line, `line ${index + 1}`)),
    },
    given,
  };
  if (issues.length > 0) throw new Refusal('invalid_request', { issues: issues.slice(0, MAX_ISSUES) });
  return parsed;
}

const NO_LINES = { items: [], repaired: 0 } as const;
const NOTHING_GIVEN = { given: undefined, lines: NO_LINES } as const;

async function readGiven(
  route: RouteSpec,
  request: IncomingMessage,
): Promise<{ given: unknown; lines: AnyCall['lines'] }> {
  const expected = route.line === undefined ? 'application/json' : 'application/x-ndjson';
  if (!isMediaType(request.headers['content-type'], expected)) {
    throw new PhaselockError('unsupported_media_type', { detail: `Content-Type must be ${expected}, in UTF-8` });
  }
  const text = await readBody(request, { maxBytes: route.bodyLimit ?? DEFAULT_BODY_LIMIT });
  if (route.line === undefined) return { given: parseStrictJson(text), lines: NO_LINES };
  return { given: text, lines: parseNdjson(text, { maxLines: MAX_LINES, text: 'replace' }) };
}
