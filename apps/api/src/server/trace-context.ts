import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { SpanExport } from '@phaselock/telemetry';

/** The position of a request in a trace. */
export type Trace = {
  readonly traceId: string;
  /** The id of this request's span. */
  readonly spanId: string;
  readonly parentId: string | undefined;
  /** Whether the trace is sampled, as decided where it began. */
  readonly isSampled: boolean;
};

const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const SAMPLED = 1;

/**
 * The trace from the W3C `traceparent` header. Without a valid header, starts a trace if spans are exported and it is
 * sampled.
 */
export function traceOf(
  { headers }: IncomingMessage,
  spans: Pick<SpanExport, 'begins'> | undefined,
): Trace | undefined {
  const given = parseTraceparent(headers.traceparent);
  if (given !== undefined) return { ...given, spanId: randomId(8) };
  if (spans === undefined) return undefined;
  const traceId = randomId(16);
  return spans.begins(traceId) ? { traceId, spanId: randomId(8), parentId: undefined, isSampled: true } : undefined;
}

/** The `traceresponse` header, which returns the trace and span id of the request to the caller. */
export const traceresponse = ({ traceId, spanId, isSampled }: Trace): string =>
  `00-${traceId}-${spanId}-0${isSampled ? SAMPLED : 0}`;

function parseTraceparent(header: unknown): Omit<Trace, 'spanId'> | undefined {
  const [, version, traceId, parentId, flags = '', more] =
    typeof header === 'string' ? (TRACEPARENT.exec(header) ?? []) : [];
  // Later versions of the header may have more fields; version 00 may not.
  if (traceId === undefined || (version === '00' && more !== undefined)) return undefined;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

function randomId(bytes: number): string {
  const id = randomBytes(bytes).toString('hex');
  return /[^0]/.test(id) ? id : randomId(bytes);
}
