import { otlpRequest, type TraceResource } from './otlp-request.ts';
import type { RequestSpan } from './request-span.ts';

export type SpanExport = AsyncDisposable & {
  /** Whether a request without a trace begins one. */
  begins(traceId: string): boolean;
  /** Queues a span, or drops it if the queue is full. Never waits, never throws. */
  ended(span: RequestSpan): void;
};

export type SpanExportOptions = {
  /** The base URL of the collector, as in OTEL_EXPORTER_OTLP_ENDPOINT, without the path of traces. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly resource: TraceResource;
  /** The percentage of requests without a trace that begin one. */
  readonly percent: number;
  readonly counted: (result: 'exported' | 'dropped', spans: number) => void;
  /** Called once per outage of the collector. */
  readonly failed: (error: unknown) => void;
  readonly everyMs?: number;
};

/** Limits the memory during an outage of the collector. A span takes about one kilobyte. */
const MAX_WAITING = 2_048;
const BATCH = 512;
const EVERY_MS = 5_000;
const TIMEOUT_MS = 10_000;
const LAST_TIMEOUT_MS = 2_000;

/**
 * Sends request spans to a collector in the background, one batch at a time. The spans of a failed batch are dropped
 * without a retry, and no request waits for the export.
 */
export function exportSpans(options: SpanExportOptions): SpanExport {
  const { endpoint, headers, resource, percent, counted, failed, everyMs = EVERY_MS } = options;
  const url = `${endpoint.replace(/(?<!\/)\/+$/, '')}/v1/traces`;
  const waiting: RequestSpan[] = [];
  let sending: Promise<void> | undefined;
  const ending = new AbortController();
  let isTold = false;

  const post = async (spans: readonly RequestSpan[]): Promise<void> => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify(otlpRequest(resource, spans)),
        redirect: 'error',
        signal: AbortSignal.any([ending.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const answer = await readAnswer(response);
      if (!response.ok) throw new Error(`the collector answered ${response.status}`);
      const rejected = Math.min(spans.length, rejectedIn(answer));
      counted('exported', spans.length - rejected);
      counted('dropped', rejected);
      isTold = false;
    } catch (error) {
      counted('dropped', spans.length);
      if (!isTold) failed(error);
      isTold = true;
    }
  };
  const sendAll = async (): Promise<void> => {
    while (waiting.length > 0) await post(waiting.splice(0, BATCH));
  };
  const send = (): Promise<void> => {
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  };
  const timer = setInterval(() => void send(), everyMs);
  timer.unref();

  return {
    begins: (traceId) => shareOf(traceId) < percent / 100,
    ended(span) {
      if (waiting.length >= MAX_WAITING) {
        counted('dropped', 1);
        return;
      }
      waiting.push(span);
      if (waiting.length >= BATCH) void send();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      // Spans that were not sent by then are dropped, so that a hanging collector does not delay the shutdown.
      const late = setTimeout(() => ending.abort(), LAST_TIMEOUT_MS);
      await send();
      clearTimeout(late);
    },
  };
}

/** A number from 0 to below 1 that every service derives from the trace id in the same way. */
const shareOf = (traceId: string): number => Number.parseInt(traceId.slice(-8), 16) / 2 ** 32;

/** A normal answer to a batch is short. A longer one is not read to its end. */
const LARGEST_ANSWER = 65_536;

async function readAnswer({ body }: Response): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = '';
  // Leaving the loop cancels the stream.
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LARGEST_ANSWER) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function rejectedIn(answer: unknown): number {
  if (typeof answer !== 'object' || answer === null || !('partialSuccess' in answer)) return 0;
  const { partialSuccess } = answer;
  if (typeof partialSuccess !== 'object' || partialSuccess === null || !('rejectedSpans' in partialSuccess)) return 0;
  const rejected = Number(partialSuccess.rejectedSpans);
  return Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0;
}
