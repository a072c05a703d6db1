import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import autocannon from 'autocannon';
import { UsageError } from './arguments.ts';
import { median } from './measure.ts';
import { roundsOf } from './one-port/rounds.ts';

/** Compares the ways in which two processes can serve one port, in alternation on one machine under the same load. */
const WAYS = ['one-process', 'round-robin', 'shared-handle', 'reuse-port'] as const;
type Way = (typeof WAYS)[number];
const SERVE = resolve(import.meta.dirname, 'one-port/serve.ts');
const CLIENTS = 32;
const SECONDS = 3;
const WIDTH = 19;
const MOST_EXACT = 10;
const LEGEND = `kept, opened: responses per second on kept connections, and with a new connection for each; ×: ratio to one process in the same round
busiest, trickled: share of the busier process in the responses under load, and in connections opened one at a time
stopped, killed: of 200 requests, how many got no response after SIGSTOP of one process, or SIGKILL halfway; cut: broken connections of the other process`;
/** Connections opened in a burst while one process is stopped or killed. */
const BURST = 200;
const TRICKLED = 100;
const TRICKLE_MS = 8;
const PATIENCE_MS = 1_500;
const REQUEST = 'GET / HTTP/1.1\r\nHost: bench\r\n\r\n';

type Serving = AsyncDisposable & { readonly port: number; readonly pids: readonly number[] };
type Figures = Readonly<Record<(typeof COLUMNS)[number], number>>;
const COLUMNS = [
  'kept/s',
  'kept ×',
  'busiest %',
  'trickled %',
  'opened/s',
  'opened ×',
  'stopped',
  'killed',
  'cut',
] as const;

async function open(way: Way): Promise<Serving> {
  const child = spawn(process.execPath, [SERVE, way], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const told: unknown = JSON.parse(String(line));
  if (typeof told !== 'object' || told === null || !('port' in told) || !('pids' in told) || !Array.isArray(told.pids))
    throw new Error(`the server did not report its port and pids: ${line}`);
  return {
    port: Number(told.port),
    pids: told.pids.map(Number),
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** Responses per second on kept connections, and the percentage of them that came from the busiest process. */
async function keeping(port: number): Promise<{ perSecond: number; busiest: number }> {
  const answers = new Map<number, number>();
  const result = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections: CLIENTS,
    duration: SECONDS,
    setupClient: (client) =>
      void client.on('body', (body: Buffer) => {
        const pid = pidIn(body);
        answers.set(pid, (answers.get(pid) ?? 0) + 1);
      }),
  });
  const all = [...answers.values()];
  const sum = all.reduce((total, some) => total + some, 0);
  return { perSecond: result['2xx'] / result.duration, busiest: (100 * Math.max(...all)) / sum };
}

/** Percentage of the connections served by the busier process when they are opened one at a time under little load. */
async function trickling(port: number): Promise<number> {
  const all: Conversation[] = [];
  for (let count = 0; count < TRICKLED; count += 1) {
    all.push(ask(port));
    await pause(TRICKLE_MS);
  }
  const pids = await Promise.all(all.map(({ answered }) => answered));
  for (const { socket } of all) socket.destroy();
  const shares = [...Map.groupBy(pids, (pid) => pid).values()].map((some) => some.length);
  return (100 * Math.max(...shares)) / TRICKLED;
}

/** Responses per second when each connection serves one request. */
async function opening(port: number): Promise<number> {
  const until = performance.now() + SECONDS * 1_000;
  let answered = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const conversation = ask(port);
      if ((await conversation.answered) !== undefined) answered += 1;
      conversation.socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return answered / SECONDS;
}

const pidIn = (body: Buffer): number => Number(/"pid":(\d+)/.exec(body.toString('latin1'))?.[1]);

type Conversation = { readonly socket: Socket; readonly answered: Promise<number | undefined> };

/**
 * Sends one request. `answered` is the pid of the responding process, or undefined after a time-out or a broken
 * connection.
 */
function ask(port: number): Conversation {
  const socket = connect(port, '127.0.0.1');
  const { promise, resolve: tell } = Promise.withResolvers<number | undefined>();
  socket.setTimeout(PATIENCE_MS, () => tell(undefined));
  socket.on('error', () => tell(undefined));
  socket.on('close', () => tell(undefined));
  socket.on('data', (chunk) => tell(pidIn(chunk)));
  socket.write(REQUEST);
  return { socket, answered: promise };
}

async function burst(port: number, during: () => void = () => undefined): Promise<Conversation[]> {
  const all: Conversation[] = [];
  for (let count = 0; count < BURST; count += 1) {
    all.push(ask(port));
    if (count === BURST / 2) during();
    if (count % 10 === 0) await pause(1);
  }
  await Promise.all(all.map(({ answered }) => answered));
  return all;
}

async function unansweredIn(conversations: readonly Conversation[]): Promise<number> {
  const answers = await Promise.all(conversations.map(({ answered }) => answered));
  for (const { socket } of conversations) socket.destroy();
  return answers.filter((pid) => pid === undefined).length;
}

/** Measures one way. Columns with × are the ratio to one process in the same round. */
async function measure(way: Way, first: Figures | undefined): Promise<Figures> {
  await using serving = await open(way);
  const { port, pids } = serving;
  // Warm-up: lets the server compile its code.
  await opening(port);
  const kept = await keeping(port);
  const trickled = await trickling(port);
  const opened = await opening(port);
  const [victim] = pids;
  const none = { stopped: 0, killed: 0, cut: 0 };
  if (victim !== undefined && pids.length > 1) {
    process.kill(victim, 'SIGSTOP');
    none.stopped = await unansweredIn(await burst(port));
    process.kill(victim, 'SIGCONT');
    await pause(200);
    const before = await burst(port);
    const others = await Promise.all(before.map(async ({ socket, answered }) => ({ socket, pid: await answered })));
    const during = burst(port, () => process.kill(victim, 'SIGKILL'));
    none.killed = await unansweredIn(await during);
    none.cut = others.filter(({ socket, pid }) => pid !== victim && socket.closed).length;
    for (const { socket } of others) socket.destroy();
  }
  return {
    'kept/s': kept.perSecond,
    'kept ×': kept.perSecond / (first?.['kept/s'] ?? kept.perSecond),
    'busiest %': kept.busiest,
    'trickled %': trickled,
    'opened/s': opened,
    'opened ×': opened / (first?.['opened/s'] ?? opened),
    stopped: none.stopped,
    killed: none.killed,
    cut: none.cut,
  };
}

/** Formats the median, followed by minimum and maximum if they differ. */
function cell(all: readonly number[]): string {
  const show = (value: number): string => (value > 0 && value < MOST_EXACT ? value.toFixed(2) : value.toFixed(0));
  const [middle, low, high] = [median(all), Math.min(...all), Math.max(...all)].map(show);
  return (low === high ? `${middle}` : `${middle} (${low}-${high})`).padStart(WIDTH);
}

try {
  const rounds = roundsOf(process.argv.slice(2), 'one-port');
  const seen = new Map<Way, Figures[]>(WAYS.map((way) => [way, []]));
  for (let round = 0; round < rounds; round += 1) {
    let first: Figures | undefined;
    for (const way of WAYS) {
      const figures = await measure(way, first);
      first ??= figures;
      seen.get(way)?.push(figures);
    }
  }
  console.log(LEGEND);
  console.log(['way'.padEnd(16), ...COLUMNS.map((name) => name.padStart(WIDTH))].join(''));
  for (const [way, figures] of seen)
    console.log([way.padEnd(16), ...COLUMNS.map((name) => cell(figures.map((one) => one[name])))].join(''));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 64;
}
