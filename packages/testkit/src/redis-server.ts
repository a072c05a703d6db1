import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { eventually } from './eventually.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';

export type RedisServer = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** Undefined for a server that testkit did not start: it can be used, but neither stopped nor paused. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
  /** Keeps client connections open without answering. To clients the server appears slow, half-open or hung. */
  pause(): void;
  resume(): void;
};

export type RedisAvailability =
  | { readonly kind: 'binary'; readonly path: string }
  | { readonly kind: 'server'; readonly url: string }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * Finds a `redis-server` on the PATH, else the server in PHASELOCK_TEST_REDIS_URL. In CI it is an error to have
 * neither, not a reason to skip.
 */
export function redisAvailable(env: NodeJS.ProcessEnv = process.env): RedisAvailability {
  const { PHASELOCK_TEST_REDIS_URL: url, CI: ci } = env;
  const binary = findProgram(['redis-server'], env);
  if (binary !== undefined) return { kind: 'binary', path: binary };
  if (url !== undefined && url !== '') return { kind: 'server', url };
  const reason = 'no redis-server on the PATH and no PHASELOCK_TEST_REDIS_URL';
  if (ci === 'true') throw new Error(`The tests of Redis cannot run: ${reason}.`);
  return { kind: 'none', reason };
}

/**
 * Starts an empty, separate Redis that ends with the calling process; without a `redis-server`, uses the given server.
 */
export async function startRedis(): Promise<RedisServer> {
  const available = redisAvailable();
  switch (available.kind) {
    case 'binary':
      return await startServer(available.path, await freePort());
    case 'server':
      return borrowedServer(available.url);
    case 'none':
      throw new Error(`Redis cannot be started: ${available.reason}.`);
  }
}

async function startServer(binary: string, port: number): Promise<RedisServer> {
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp'];
  const child = spawn(binary, settings, { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    kill();
    await exited;
  };
  try {
    await eventually(() => answersPing(port, child));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    stop,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: stop,
  };
}

function borrowedServer(url: string): RedisServer {
  const notOurs = () => {
    throw new Error('testkit did not start this Redis server, so it can be neither paused nor resumed.');
  };
  const leaveRunning = async () => {};
  const port = Number(new URL(url).port || 6379);
  return {
    url,
    port,
    pid: undefined,
    stop: leaveRunning,
    pause: notOurs,
    resume: notOurs,
    [Symbol.asyncDispose]: leaveRunning,
  };
}

async function answersPing(port: number, child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}.`);
  const socket = createConnection({ port, host: '127.0.0.1' });
  try {
    return await new Promise<boolean>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('data', (data) => resolve(data.toString().startsWith('+PONG')));
      socket.once('connect', () => socket.write('PING\r\n'));
    });
  } finally {
    socket.destroy();
  }
}
