import type { IncomingMessage, ServerResponse } from 'node:http';
import { PhaselockError } from '@phaselock/core';
import { type Change, type ChangeFilter, type ChangePlace, formatPlace, parsePlace } from '@phaselock/store';
import { type AnyCall, STREAMED, type Streamed } from '../server/handle.ts';
import type { ChangeFeed } from './change-feed.ts';

export type ChangeStreams = {
  /** Holds the connection until the client leaves, or may not read on. */
  stream(filter: ChangeFilter, call: Pick<AnyCall, 'request' | 'response' | 'whenDenied'>): Promise<Streamed>;
  open(): number;
  /** At the end of the server. The clients come back, elsewhere, from where they were. */
  endAll(): void;
};

const HEARTBEAT_MS = 15_000;
const RETRY_MS = 1_000;
/** A client that does not read is not kept for: it can come back. */
const MAX_BUFFERED_BYTES = 1_000_000;
/** How long a client that may not read on is given to take what was written for it before. */
const END_WITHIN_MS = 1_000;

/** Changes as server-sent events. */
export function changeStreams(feed: ChangeFeed, { max }: { readonly max: number }): ChangeStreams {
  const streams = new Set<ServerResponse>();
  return {
    async stream(filter, { request, response, whenDenied }) {
      const after = placeIn(request);
      // The client left before the stream began: no 'close' will come, and the place would be taken for good.
      if (response.destroyed) return STREAMED;
      if (streams.size >= max) throw new PhaselockError('overloaded', { detail: 'too many change streams' });
      streams.add(response);
      response.writeHead(200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
        // nginx would hold events back until it has a buffer full.
        'X-Accel-Buffering': 'no',
      });
      response.write(`retry: ${RETRY_MS}\n\n`);
      const leave = feed.subscribe(filter, after, {
        change: (change) => send(response, textOf(change)),
        failed: () => response.end(),
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
    open: () => streams.size,
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
    throw new PhaselockError('invalid_request', { detail: 'Last-Event-ID: not one of this stream' });
  return place;
}

function send(response: ServerResponse, text: string): void {
  if (response.writableEnded) return;
  response.write(text);
  if (response.writableLength > MAX_BUFFERED_BYTES) response.destroy();
}

/** In good order, so that the client comes back at once and is told why it is refused; one that does not read would never see the end. */
function endSoon(response: ServerResponse): void {
  response.end();
  const cut = setTimeout(() => response.destroy(), END_WITHIN_MS).unref();
  response.once('close', () => clearTimeout(cut));
}

function textOf({ place, ...change }: Change): string {
  const data = JSON.stringify({ ...change, at: change.at.toISOString() });
  return `id: ${formatPlace(place)}\nevent: change\ndata: ${data}\n\n`;
}
