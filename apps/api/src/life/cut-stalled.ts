import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { LastAnswers } from './last-answers.ts';

type Stalling = {
  readonly server: Server;
  readonly answers: Pick<LastAnswers, 'isAsked'>;
  readonly afterMs: number;
};

/**
 * Closes a connection on which nothing has moved for `afterMs`, because an unread answer would stay in memory. If
 * nothing is waiting to be read and a request is open, the service is the slow side, so the client may keep waiting. A
 * change stream moves by its heartbeats. A download has its own, shorter bound, whose cuts are counted.
 */
export function cutStalled({ server, answers, afterMs }: Stalling): void {
  server.setTimeout(afterMs);
  // With this listener Node closes no connection by itself, so it must close idle ones as well.
  server.on('timeout', (socket: Socket) => {
    if (socket.writableLength === 0 && answers.isAsked(socket)) socket.setTimeout(afterMs);
    else socket.destroy();
  });
}
