import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { LastAnswers } from './last-answers.ts';
import type { Readiness } from './readiness.ts';

/** Coordinates processes that stop together, so that none sends its clients to a process that stops a moment later. */
export type Together = {
  /**
   * How often to check for new connections. One that arrives through another process takes longer than an event loop
   * turn.
   */
  readonly lookEveryMs: number;
  /** Resolves when all processes hold their requests. */
  readonly held: () => Promise<void>;
  /** Resolves when all processes have stopped listening. */
  readonly stopped: () => Promise<void>;
};

type Leaving = {
  readonly server: Server;
  readonly answers: LastAnswers;
  /** Ends the change streams, which would never end by themselves. */
  readonly endStreams: () => void;
  readonly timeoutMs: number;
};

type Draining = Leaving & {
  readonly readiness: Pick<Readiness, 'drain'>;
  readonly delayMs: number;
  /** Set if the program consists of several processes. */
  readonly together?: Together | undefined;
};

const SWEEP_MS = 20;
/**
 * A client between two requests usually sends the next one within this time, and its answer then announces the close.
 */
const GRACE_MS = 300;
/**
 * libuv accepts one connection in each turn of the event loop. The first turn ends before it checks; two more without a
 * connection mean that the queue is empty.
 */
const QUIET_TURNS = 3;
/**
 * When clients connect continuously, the queue never becomes empty. After this time the server stops listening anyway.
 */
const LONGEST_HOLD_MS = 500;

/**
 * Stops the server in three steps. 1. The service is not ready, and each answer closes its connection, so that clients
 * go elsewhere. 2. Queued connections are accepted, then the server stops listening. 3. Unused connections are
 * half-closed, and requests in flight finish or are cut at the time-out. Resolves when the last connection is gone:
 * true when no request was cut.
 */
export async function drain({ readiness, delayMs, together, ...leaving }: Draining): Promise<boolean> {
  const { server, answers } = leaving;
  readiness.drain();
  answers.begin();
  if (delayMs > 0) await pause(delayMs);
  answers.hold();
  await emptyQueue(answers, together === undefined ? turn : () => pause(together.lookEveryMs));
  await together?.held();
  const closed = stopListening(server);
  await together?.stopped();
  answers.release();
  return await finish(leaving, closed);
}

/**
 * Stops one of several processes while the others serve on. The program stays ready, and a connection on its way to
 * this process goes to another one.
 */
export async function leave(leaving: Leaving): Promise<boolean> {
  leaving.answers.begin();
  return await finish(leaving, stopListening(leaving.server));
}

async function finish({ server, answers, endStreams, timeoutMs }: Leaving, closed: Promise<void>): Promise<boolean> {
  endStreams();
  const graceMs = Math.min(GRACE_MS, timeoutMs / 2);
  const sweep = setInterval(() => setImmediate(() => answers.closeUnused(graceMs)), SWEEP_MS);

  let cut = false;
  const deadline = setTimeout(() => {
    cut = answers.busy();
    server.closeAllConnections();
  }, timeoutMs);
  await closed;
  clearTimeout(deadline);
  clearInterval(sweep);
  return !cut;
}

/**
 * Closing the listening socket resets the connections in its queue, so they are accepted first. No request is answered
 * meanwhile, because each answered client would open another connection.
 */
async function emptyQueue(answers: LastAnswers, next: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + LONGEST_HOLD_MS;
  for (let quiet = 0; quiet < QUIET_TURNS && performance.now() < until; ) {
    const before = answers.accepted();
    await next();
    quiet = answers.accepted() === before ? quiet + 1 : 0;
  }
}

/**
 * http.Server's own `close` also destroys idle connections, and with them requests that their clients have just sent.
 */
const stopListening = (server: Server): Promise<void> =>
  new Promise((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
