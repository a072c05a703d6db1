import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { LastAnswers } from './last-answers.ts';

type Stalling = {
  readonly server: Server;
  readonly answers: Pick<LastAnswers, 'isAsked'>;
  readonly afterMs: number;
};

/**
 * Breaks a connection off on which nothing has moved for so long: an answer that is not read would stay in memory. Where nothing waits to be read
 * and a request is open it is we who are slow, so that client is left to wait for its answer. A change stream moves by its heartbeats, and a
 * download has its own, shorter bound, which is counted.
 */
export function cutStalled({ server, answers, afterMs }: Stalling): void {
  server.setTimeout(afterMs);
  // With a listener Node closes none by itself, also not those it keeps open for another request.
  server.on('timeout', (socket: Socket) => {
    if (socket.writableLength === 0 && answers.isAsked(socket)) socket.setTimeout(afterMs);
    else socket.destroy();
  });
}
