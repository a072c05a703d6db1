import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PhaselockError } from '@phaselock/core';
import { type Change, type ChangeFilter, type ChangePlace, formatPlace, parsePlace } from '@phaselock/store';
import type { HttpTelemetry } from '@phaselock/telemetry';
import type { LongAnswers } from '../intake/long-answers.ts';
import { type AnyCall, STREAMED, type Streamed } from '../server/handle.ts';
import type { ChangeFeed } from './change-feed.ts';

export type ChangeStreams = {
  /** Keeps the response open until the client leaves or loses its access. */
  stream(
    filter: ChangeFilter,
    call: Pick<AnyCall, 'caller' | 'request' | 'response' | 'whenDenied'>,
  ): Promise<Streamed>;
  /** Ends all streams at shutdown. The clients reconnect to another server and resume from their last event. */
  endAll(): void;
};

const HEARTBEAT_MS = 15_000;
const RETRY_MS = 1_000;
/** A client with more unread bytes is cut; it can reconnect and resume. */
const MAX_BUFFERED_BYTES = 256_000;
/** How long a client that has lost its access may take to read the events already written. */
const END_WITHIN_MS = 1_000;

/** Serves changes as server-sent events. */
export function changeStreams(
  feed: ChangeFeed,
  { places, cut }: { readonly places: LongAnswers; readonly cut: HttpTelemetry['cut'] },
): ChangeStreams {
  const streams = new Set<ServerResponse>();
  const send = (response: ServerResponse, text: string): void => {
    if (response.writableEnded || response.destroyed) return;
    response.write(text);
    if (response.writableLength <= MAX_BUFFERED_BYTES) return;
    cut('changes');
    response.destroy();
  };
  return {
    async stream(filter, { caller, request, response, whenDenied }) {
      const after = placeIn(request);
      // The client left before the stream began: no 'close' event will come, so its place would never be freed.
      if (response.destroyed) return STREAMED;
      places.take('changes', caller.id, response);
      streams.add(response);
      response.writeHead(200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
        // nginx would otherwise hold events back until its buffer is full.
        'X-Accel-Buffering': 'no',
      });
      response.write(`retry: ${RETRY_MS}\n\n`);
      const leave = feed.subscribe(filter, after, {
        change: (change) => send(response, textOf(change)),
        taken: (signal) => takenBy(response, signal),
        failed: () => endSoon(response),
      });
      whenDenied().addEventListener('abort', () => endSoon(response), { once: true });
      const heartbeat = setInterval(() => send(response, ':\n\n'), HEARTBEAT_MS);
      return await new Promise((resolve) => {
        response.once('close', () => {
          clearInterval(heartbeat);
          leave();
          streams.delete(response);
          resolve(STREAMED);
        });
      });
    },
    endAll: () => {
      for (const response of streams) response.end();
    },
  };
}

function placeIn({ headers }: IncomingMessage): ChangePlace | undefined {
  const given = headers['last-event-id'];
  if (given === undefined) return undefined;
  const place = typeof given === 'string' ? parsePlace(given) : undefined;
  if (place === undefined)
    throw new PhaselockError('invalid_request', { detail: 'Last-Event-ID: must be the id of a change event' });
  return place;
}

/** Missed changes are sent no faster than the client reads them. */
async function takenBy(response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (response.writableNeedDrain) await once(response, 'drain', { signal }).catch(() => undefined);
}

/**
 * Ends the response normally, so that the client reconnects at once and gets the reason of the refusal. A client that
 * does not read would never see the end, so its connection is cut.
 */
function endSoon(response: ServerResponse): void {
  response.end();
  const cut = setTimeout(() => response.destroy(), END_WITHIN_MS).unref();
  response.once('close', () => clearTimeout(cut));
}

function textOf({ place, ...change }: Change): string {
  const data = JSON.stringify({ ...change, at: change.at.toISOString() });
  return `id: ${formatPlace(place)}\nevent: change\ndata: ${data}\n\n`;
}
