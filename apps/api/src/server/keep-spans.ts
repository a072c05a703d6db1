import { randomBytes } from 'node:crypto';
import type { SpanExport } from '@phaselock/telemetry';
import { createRateLimiter } from '../intake/rate-limit.ts';
import type { Trace } from './trace-context.ts';

type Keeping = { readonly spans: Pick<SpanExport, 'begins'> | undefined; readonly now: () => number };

/** Ten a second: more than a caller that samples its own requests asks for. */
const ASKED_SPANS = 600;
const WINDOW_MS = 60_000;

/**
 * Whether the span of a request is exported. A trace that began here was decided on as it began. That the caller keeps its trace counts for callers
 * that are known, and of each so many times a minute. All others are kept at the share of PHASELOCK_TRACE_PERCENT, and not by the id of their
 * trace, which is the caller's own.
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
