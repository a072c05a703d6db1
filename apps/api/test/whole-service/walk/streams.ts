import { type ReceivedChange, readChanges } from '@phaselock/contract';
import { addressOf } from './caller.ts';
import type { Operations } from './operations.ts';
import type { Asking, Client } from './seen.ts';

export type OpenStream = {
  readonly step: number;
  readonly client: Client;
  readonly operation: string;
  readonly id: string;
  /** The change id after which the stream begins; undefined: from now. */
  readonly after: string | undefined;
  readonly received: ReceivedChange[];
  status: number;
  /** Why the stream ended, if it has. */
  ended: string | undefined;
  /** Whether its key was revoked, so that it must end. */
  revoked: boolean;
  close(): void;
};

export type Streams = {
  readonly all: OpenStream[];
  open(client: Client, operation: string, id: string, after: string | undefined, step: number): Promise<OpenStream>;
};

export function createStreams(url: string, operations: Operations): Streams {
  const all: OpenStream[] = [];
  return {
    all,
    open: async (client, operation, id, after, step) => {
      const leaving = new AbortController();
      const stream: OpenStream = {
        ...{ step, client, operation, id, after, received: [], status: 0, ended: undefined, revoked: false },
        close: () => leaving.abort(),
      };
      const asking: Asking = { params: { taskId: id, projectId: id } };
      const response = await fetch(`${url}${addressOf(operations.named(operation), asking)}`, {
        headers: { Authorization: `Bearer ${client.key}`, ...(after !== undefined && { 'Last-Event-ID': after }) },
        signal: leaving.signal,
      });
      stream.status = response.status;
      if (response.status !== 200) {
        stream.ended = `refused: ${await response.text()}`;
        return stream;
      }
      all.push(stream);
      void follow(stream, response);
      return stream;
    },
  };
}

async function follow(stream: OpenStream, response: Response): Promise<void> {
  try {
    for await (const change of readChanges(response)) stream.received.push(change);
    stream.ended = 'ended by the server';
  } catch (error) {
    stream.ended = `broken: ${String(error)}`;
  }
}
