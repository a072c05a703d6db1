import type { IncomingMessage, ServerResponse } from 'node:http';
import { PhaselockError } from '@phaselock/core';
import { type Change, type ChangeFilter, type ChangePlace, formatPlace, parsePlace } from '@phaselock/store';
import { STREAMED, type Streamed } from '../server/handle.ts';
import type { ChangeFeed } from './change-feed.ts';

export type ChangeStreams = {
  /** Holds the connection until the client leaves. */
  stream(filter: ChangeFilter, request: IncomingMessage, response: ServerResponse): Promise<Streamed>;
  open(): number;
  /** At the end of the server. The clients come back, elsewhere, from where they were. */
  endAll(): void;
};

const HEARTBEAT_MS = 15_000;
const RETRY_MS = 1_000;
/** A client that does not read is not kept for: it can come back. */
const MAX_BUFFERED_BYTES = 1_000_000;

/** Changes as server-sent events. */
export function changeStreams(feed: ChangeFeed, { max }: { readonly max: number }): ChangeStreams {
  const streams = new Set<ServerResponse>();
  return {
    async stream(filter, request, response) {
      const after = placeIn(request);
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

function textOf({ place, ...change }: Change): string {
  const data = JSON.stringify({ ...change, at: change.at.toISOString() });
  return `id: ${formatPlace(place)}\nevent: change\ndata: ${data}\n\n`;
}
