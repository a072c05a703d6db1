import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';

export type RedisProcess = {
  readonly port: number;
  start(): Promise<void>;
  end(): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  command(line: string): Promise<string>;
  /** The pid of the current or last process. */
  readonly pid: () => number;
};

/**
 * Creates a handle of a Redis that restarts empty on the same port. Its working directory is `dir`, where it writes
 * nothing.
 */
export function createRedisProcess(port: number, log: string, dir = '/tmp'): RedisProcess {
  let child: Child | undefined;
  return {
    port,
    start: async () => {
      const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir];
      child = startChild('redis-server', settings, { log });
      while ((await say(port, 'PING').catch(() => '')) !== '+PONG') {
        if (!child.running()) throw new Error(`redis-server does not start; see ${log}`);
        await pause(20);
      }
    },
    end: async () => {
      child?.signal('SIGKILL');
      await child?.exited;
    },
    signal: (signal) => child?.signal(signal),
    command: (line) => say(port, line),
    pid: () => child?.pid ?? -1,
  };
}

function say(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setTimeout(1_000, () => socket.destroy(new Error('Redis does not answer')));
    socket.once('error', reject);
    socket.once('connect', () => socket.write(`${line}\r\n`));
    socket.once('data', (data) => {
      resolve(data.toString().trim());
      socket.destroy();
    });
  });
}
