import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Ends connections by an answer that announces the close, or by a FIN, never by a reset. */
export type LastAnswers = {
  readonly inFlight: () => number;
  /** How many connections were accepted so far. */
  readonly accepted: () => number;
  /** Whether a request of this connection was read and its answer has not ended. */
  readonly isAsked: (socket: Socket) => boolean;
  /** From now on every answer is the last of its connection and announces the close. */
  readonly begin: () => void;
  /** From now on requests are read but wait until `release`. */
  readonly hold: () => void;
  readonly release: () => void;
  /**
   * Half-closes the connections on which no request arrived for `quietMs`. Call it after the poll phase, when
   * everything that has arrived has been read.
   */
  readonly closeUnused: (quietMs: number) => void;
  /** Whether a request is being read or answered. */
  readonly busy: () => boolean;
};

type Connection = {
  /** Requests that were read and are not answered, the oldest first. */
  readonly pending: Set<ServerResponse>;
  /**
   * When the connection was last used, and how many bytes had been read by then. More bytes mean that a request has
   * begun.
   */
  quietSince: number;
  quietBytes: number;
  /** Further input is not read: an answer announced the close, or the client sees our FIN. */
  ended: boolean;
};

/** How long the client may take to close its side after our FIN. */
const LINGER_MS = 500;

export function lastAnswers(now: () => number): {
  readonly watch: (server: Server) => LastAnswers;
  /** Wraps the application, so that requests can be tracked and held. */
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
        // RFC 9112, 9.6: a request behind one whose answer announces the close is not processed, because its client
        // could not learn the result.
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

/**
 * Of several requests sent at once only the last answer announces the close, or the requests behind it would not be
 * answered.
 */
function sayCloseLast(pending: ReadonlySet<ServerResponse>, last: ServerResponse): void {
  for (const before of pending) if (!before.headersSent) before.removeHeader('Connection');
  last.setHeader('Connection', 'close');
}
