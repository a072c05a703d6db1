import { otlpRequest, type TraceResource } from './otlp-request.ts';
import type { RequestSpan } from './request-span.ts';

export type SpanExport = AsyncDisposable & {
  /** Whether a request that came with no trace begins one. */
  begins(traceId: string): boolean;
  /** Takes a span, or drops it where too many wait. Never waits, never throws. */
  ended(span: RequestSpan): void;
};

export type SpanExportOptions = {
  /** The collector, as OTEL_EXPORTER_OTLP_ENDPOINT has it: without the path of the traces. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly resource: TraceResource;
  /** Of the requests that come with no trace. */
  readonly percent: number;
  readonly counted: (result: 'exported' | 'dropped', spans: number) => void;
  /** Once for each time the collector is away. */
  readonly failed: (error: unknown) => void;
  readonly everyMs?: number;
};

/** A kilobyte each: what a collector that is away may cost. */
const MAX_WAITING = 2_048;
const BATCH = 512;
const EVERY_MS = 5_000;
const TIMEOUT_MS = 10_000;
const LAST_TIMEOUT_MS = 2_000;

/**
 * Sends the spans of requests to a collector, in batches, one at a time, in the background. Those that a batch could not bring are gone: nothing is
 * kept for a collector that is away, and no request waits for one.
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
      // What has not arrived by then is dropped, so that a collector that hangs does not hold the shutdown.
      const late = setTimeout(() => ending.abort(), LAST_TIMEOUT_MS);
      await send();
      clearTimeout(late);
    },
  };
}

/** From 0 up to 1, and the same for every service that sees the trace. */
const shareOf = (traceId: string): number => Number.parseInt(traceId.slice(-8), 16) / 2 ** 32;

/** The answer to a batch is a few numbers; one that goes on is not read to its end. */
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
