import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type NodeExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type SpawnedNode = AsyncDisposable & {
  readonly pid: number;
  /** All lines so far, of both streams. */
  readonly lines: readonly string[];
  stdout(): string;
  stderr(): string;
  /**
   * The first line of either stream that matches, printed before or after the call. Rejects when the process ends
   * without a matching line.
   */
  waitForLine(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal?: NodeJS.Signals): void;
  readonly exited: Promise<NodeExit>;
};

export type SpawnNodeOptions = {
  readonly args?: readonly string[];
  /** Added to the environment of this process; undefined removes a variable. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
};

/** Runs a TypeScript file in a child process, with the same Node.js. Leaving the scope kills the child. */
export function spawnNode(file: string, options: SpawnNodeOptions = {}): SpawnedNode {
  const child = spawn(process.execPath, [file, ...(options.args ?? [])], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[name] }).on('line', (line) => {
      texts[name] += `${line}\n`;
      lines.push(line);
      for (const look of watchers) look();
    });
  }
  const exited = new Promise<NodeExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  // Prevents an unhandled rejection when the caller never awaits `exited`.
  exited.catch(() => undefined);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${process.execPath} could not be started.`);
  return {
    pid,
    lines,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    waitForLine: (pattern) => waitForLine(pattern, lines, watchers, exited),
    kill: (signal = 'SIGTERM') => {
      child.kill(signal);
    },
    exited,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function waitForLine(
  pattern: RegExp,
  lines: readonly string[],
  watchers: Set<() => void>,
  exited: Promise<NodeExit>,
): Promise<RegExpExecArray> {
  const seen = Promise.withResolvers<RegExpExecArray>();
  let next = 0;
  const look = () => {
    while (next < lines.length) {
      const match = pattern.exec(lines[next++] ?? '');
      if (match) return seen.resolve(match);
    }
  };
  const ended = exited.then(({ code, signal }) => {
    look();
    seen.reject(
      new Error(`The process ended with ${signal ?? code} before a line matched ${pattern}:\n${lines.join('\n')}`),
    );
  }, seen.reject);
  watchers.add(look);
  try {
    look();
    return await seen.promise;
  } finally {
    watchers.delete(look);
    void ended;
  }
}
