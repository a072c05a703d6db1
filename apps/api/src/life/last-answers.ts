import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How connections end in good order: with an answer that says so, or with a FIN, never with a reset. */
export type LastAnswers = {
  readonly inFlight: () => number;
  /** How many connections were accepted so far. */
  readonly accepted: () => number;
  /** Whether a request of this connection was read and its answer has not ended. */
  readonly isAsked: (socket: Socket) => boolean;
  /** From now on every answer is the last of its connection, and says so. */
  readonly begin: () => void;
  /** Requests are read and wait, until they are released all at once. */
  readonly hold: () => void;
  readonly release: () => void;
  /** Half-closes the connections nothing was asked on for so long. To be called when all that has arrived has been read: after the poll phase. */
  readonly closeUnused: (quietMs: number) => void;
  /** Whether a request is being read or answered. */
  readonly busy: () => boolean;
};

type Connection = {
  /** Requests that were read and are not answered, the oldest first. */
  readonly pending: Set<ServerResponse>;
  /** When it was last in use, and how much had been read by then: more is the beginning of a request. */
  quietSince: number;
  quietBytes: number;
  /** Nothing that comes now is read: the client was told, or sees our FIN. */
  ended: boolean;
};

/** A client that does not close its side after our FIN is not waited for any longer. */
const LINGER_MS = 500;

export function lastAnswers(now: () => number): {
  readonly watch: (server: Server) => LastAnswers;
  /** Stands before the application. */
  readonly gate: (application: RequestListener) => RequestListener;
} {
  const connections = new Map<Socket, Connection>();
  let inFlight = 0;
  let accepted = 0;
  let begun = false;
  let held: (() => void)[] | undefined;

  const accept = (socket: Socket): void => {
    accepted += 1;
    connections.set(socket, { pending: new Set(), quietSince: now(), quietBytes: 0, ended: false });
    socket.once('close', () => connections.delete(socket));
  };

  const read = (socket: Socket, connection: Connection, response: ServerResponse): void => {
    inFlight += 1;
    connection.pending.add(response);
    response.once('close', () => {
      inFlight -= 1;
      connection.pending.delete(response);
      connection.quietSince = now();
      connection.quietBytes = socket.bytesRead;
      if (saysClose(response)) connection.ended = true;
    });
  };

  const gate =
    (application: RequestListener): RequestListener =>
    (request: IncomingMessage, response: ServerResponse) => {
      const connection = connections.get(request.socket);
      if (connection !== undefined) {
        // RFC 9112, 9.6: what follows the request whose answer says "close" is not read. Nobody could be told what came of it.
        connection.ended ||= [...connection.pending].some((before) => before.headersSent && saysClose(before));
        if (connection.ended) return;
        if (begun) sayCloseLast(connection.pending, response);
        read(request.socket, connection, response);
      }
      const answer = (): void => application(request, response);
      if (held === undefined) answer();
      else held.push(answer);
    };

  const isQuiet = (socket: Socket, { pending, quietBytes }: Connection): boolean =>
    pending.size === 0 && socket.bytesRead === quietBytes;

  return {
    gate,
    watch: (server) => {
      server.on('connection', accept);
      return {
        inFlight: () => inFlight,
        accepted: () => accepted,
        isAsked: (socket) => (connections.get(socket)?.pending.size ?? 0) > 0,
        begin: () => {
          begun = true;
          for (const { pending } of connections.values()) {
            const last = [...pending].at(-1);
            if (last !== undefined && !last.headersSent) last.setHeader('Connection', 'close');
          }
        },
        hold: () => {
          held ??= [];
        },
        release: () => {
          const waiting = held ?? [];
          held = undefined;
          for (const answer of waiting) answer();
        },
        closeUnused: (quietMs) => {
          for (const [socket, connection] of connections) {
            if (connection.ended || !isQuiet(socket, connection) || now() - connection.quietSince < quietMs) continue;
            connection.ended = true;
            socket.end();
            setTimeout(() => socket.destroy(), LINGER_MS).unref();
          }
        },
        busy: () => [...connections].some(([socket, connection]) => !connection.ended && !isQuiet(socket, connection)),
      };
    },
  };
}

const saysClose = (response: ServerResponse): boolean => response.getHeader('connection') === 'close';

/** Of several requests sent at once the last answer says it, or those behind it would not be answered. */
function sayCloseLast(pending: ReadonlySet<ServerResponse>, last: ServerResponse): void {
  for (const before of pending) if (!before.headersSent) before.removeHeader('Connection');
  last.setHeader('Connection', 'close');
}
