import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import type { LastAnswers } from './last-answers.ts';
import type { Readiness } from './readiness.ts';

/** Several processes that end together, so that none sends its clients to one that goes a moment later. */
export type Together = {
  /** How often it is looked whether a connection has come: through another process it takes longer than a turn of the loop. */
  readonly lookEveryMs: number;
  /** Until all of them hold their requests. */
  readonly held: () => Promise<void>;
  /** Until all of them have stopped listening. */
  readonly stopped: () => Promise<void>;
};

type Leaving = {
  readonly server: Server;
  readonly answers: LastAnswers;
  /** Streams would never end by themselves. */
  readonly endStreams: () => void;
  readonly timeoutMs: number;
};

type Draining = Leaving & {
  readonly readiness: Pick<Readiness, 'drain'>;
  readonly delayMs: number;
  /** Where the program is more than this process. */
  readonly together?: Together | undefined;
};

const SWEEP_MS = 20;
/** A client that is between two requests sends the next one within this as a rule, and is told with its answer. */
const GRACE_MS = 300;
/** libuv takes one connection a turn. The first turn ends before it has looked; two more that bring none mean that the queue is empty. */
const QUIET_TURNS = 3;
/** Clients that come all the time without waiting for an answer never leave it empty: then it is closed all the same. */
const LONGEST_HOLD_MS = 500;

/**
 * Not ready → every answer says that its connection ends here, so that clients go elsewhere → those in the queue are taken, and no more → those
 * nothing is asked on are half-closed, requests in flight finish, or are cut at the deadline. Resolves when the last connection is gone; true when
 * nothing had to be cut.
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

/** One of several ends while the others serve on: the program stays ready, and a connection on its way to this process is given to another one. */
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
 * The kernel resets the connections it has queued for us when the listening socket is closed, so we take them first. Meanwhile nobody is answered:
 * every answer would bring its client back with one connection more.
 */
async function emptyQueue(answers: LastAnswers, next: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + LONGEST_HOLD_MS;
  for (let quiet = 0; quiet < QUIET_TURNS && performance.now() < until; ) {
    const before = answers.accepted();
    await next();
    quiet = answers.accepted() === before ? quiet + 1 : 0;
  }
}

/** http.Server's own close also destroys idle connections, with whatever their clients have just sent. */
const stopListening = (server: Server): Promise<void> =>
  new Promise((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
