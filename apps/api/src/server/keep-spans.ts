import { randomBytes } from 'node:crypto';
import type { SpanExport } from '@phaselock/telemetry';
import { createRateLimiter } from '../intake/rate-limit.ts';
import type { Trace } from './trace-context.ts';

type Keeping = { readonly spans: Pick<SpanExport, 'begins'> | undefined; readonly now: () => number };

/** Ten a second: more than the usual rate of a caller that samples its own requests. */
const ASKED_SPANS = 600;
const WINDOW_MS = 60_000;

/**
 * Decides whether the span of a request is exported. For a trace that began here, that was decided at its start. A
 * caller's own sampling decision is respected for authenticated callers, up to a limit per minute. All other spans are
 * sampled at PHASELOCK_TRACE_PERCENT by a random id, because the caller could choose a trace id that is always sampled.
 */
export function keepSpans({ spans, now }: Keeping): (trace: Trace, callerId: string | undefined) => boolean {
  const asked = createRateLimiter({ limit: ASKED_SPANS, windowMs: WINDOW_MS, now });
  return (trace, callerId) => {
    if (spans === undefined || !trace.isSampled) return false;
    if (trace.parentId === undefined) return true;
    if (callerId !== undefined && asked.take(callerId).allowed) return true;
    return spans.begins(randomBytes(16).toString('hex'));
  };
}
