import { connect, type Socket } from 'node:net';
import { setTimeout as pause, setImmediate as yieldToOthers } from 'node:timers/promises';

/** Counts of request outcomes, and of connections that could not be made. */
export type Hammered = {
  answered: number;
  /** The connection was refused: nothing was sent. */
  refused: number;
  /**
   * Reset by the server after the request was sent, before any response: it is unknown whether the request was read.
   */
  reset: number;
  /** Closed gracefully by the server while the request was sent, before any response. */
  closed: number;
  /** Ended in the middle of a response. */
  torn: number;
};

export type Hammer = { readonly seen: Readonly<Hammered>; stop(): Promise<void> };

type Clients = {
  /** Clients that send the next request immediately after each response. */
  readonly busy: number;
  /** Clients that pause between two requests on a connection. */
  readonly pausing: number;
  /** Clients that open a connection for each request. */
  readonly opening: number;
  /** Clients that send two requests before they read a response. */
  readonly pipelining: number;
};

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n';
const ANSWER = /^HTTP\/1\.1 200 .*?\r\n\r\n\{"status":"ok"\}/s;

async function aMoment(): Promise<boolean> {
  await pause(Math.random() * 40);
  return true;
}

/**
 * Runs clients that send HTTP over plain sockets, so that no library retries requests. They end when the port refuses
 * connections.
 */
export function hammer(url: string, clients: Clients): Hammer {
  const seen: Hammered = { answered: 0, refused: 0, reset: 0, closed: 0, torn: 0 };
  let stopped = false;
  const run = async (count: number, client: () => Promise<boolean>): Promise<void> => {
    await Promise.all(
      Array.from({ length: count }, async () => {
        while (!stopped && (await client())) await yieldToOthers();
      }),
    );
  };
  const talk = async (next: () => Promise<boolean>, requests: number): Promise<boolean> => {
    const conversation = await open(url);
    if (conversation === undefined) {
      seen.refused += 1;
      return false;
    }
    for (let more = true; more && !stopped; more = more && (await next())) {
      const outcomes = await conversation.ask(requests);
      for (const outcome of outcomes.results) seen[outcome] += 1;
      more = outcomes.open;
    }
    conversation.socket.destroy();
    return true;
  };
  const all = Promise.all([
    run(clients.busy, () => talk(async () => true, 1)),
    run(clients.pausing, () => talk(aMoment, 1)),
    run(clients.opening, () => talk(async () => false, 1)),
    run(clients.pipelining, () => talk(async () => true, 2)),
  ]);
  return {
    seen,
    stop: async () => {
      stopped = true;
      await all;
    },
  };
}

type Outcome = 'answered' | 'reset' | 'closed' | 'torn';
type Conversation = {
  readonly socket: Socket;
  ask(requests: number): Promise<{ readonly results: readonly Outcome[]; readonly open: boolean }>;
};

/** Undefined when the connection is refused. */
async function open(url: string): Promise<Conversation | undefined> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  let ended: 'reset' | 'closed' | undefined;
  let look = (): void => {};
  const connected = Promise.withResolvers<boolean>();
  socket.setEncoding('latin1');
  socket.on('connect', () => connected.resolve(true));
  socket.on('data', (chunk: string) => {
    text += chunk;
    look();
  });
  socket.on('end', () => {
    ended ??= 'closed';
    look();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    ended ??= 'reset';
    connected.resolve(error.code !== 'ECONNREFUSED');
    look();
  });
  if (!(await connected.promise)) return undefined;

  const answers = async (wanted: number): Promise<{ results: Outcome[]; open: boolean }> => {
    const results: Outcome[] = [];
    let toldToClose = false;
    const done = Promise.withResolvers<void>();
    look = () => {
      for (let answer = ANSWER.exec(text); answer !== null; answer = ANSWER.exec(text)) {
        text = text.slice(answer[0].length);
        toldToClose ||= /^connection: close/im.test(answer[0]);
        results.push('answered');
      }
      if (results.length >= wanted || ended !== undefined) done.resolve();
    };
    look();
    await done.promise;
    // Requests sent after one that was answered with "Connection: close" were not read, so they do not count.
    const unanswered = toldToClose ? 0 : wanted - results.length;
    const how = text === '' ? (ended ?? 'closed') : 'torn';
    for (let count = 0; count < unanswered; count += 1) results.push(how);
    return { results, open: ended === undefined && !toldToClose };
  };
  return {
    socket,
    ask: async (requests) => {
      // The server closed the connection before anything was sent; the client opens another one.
      if (ended !== undefined) return { results: [], open: false };
      socket.write(REQUEST.repeat(requests));
      return await answers(requests);
    },
  };
}
