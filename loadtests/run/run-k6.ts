import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { K6 } from './find-k6.ts';
import { filesOf } from './run-folder.ts';

/** A running k6. Leaving the scope interrupts it, and kills it after a time-out. */
export type K6Run = AsyncDisposable & { readonly pid: number; readonly exited: Promise<number> };

export type K6Options = {
  readonly k6: K6;
  readonly script: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
};

const OUTSIDE = -1;
const PATIENCE_MS = 10_000;

export function runK6({ k6, script, folder, env }: K6Options): K6Run {
  const { journal, summary, k6Log } = filesOf(folder);
  const files = ['--log-format', 'raw', '--console-output', journal, '--summary-export', summary];
  const log = openSync(k6Log, 'a');
  const child = spawn(k6.path, ['run', '--no-usage-report', '--quiet', '--no-color', ...files, script], {
    stdio: ['ignore', log, log],
    env,
  });
  closeSync(log);
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'close').then(([code]) => {
    process.off('exit', kill);
    return typeof code === 'number' ? code : OUTSIDE;
  });
  exited.catch(() => undefined);
  return {
    pid: child.pid ?? OUTSIDE,
    exited,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGINT');
      const impatient = setTimeout(kill, PATIENCE_MS);
      await exited.catch(() => undefined);
      clearTimeout(impatient);
    },
  };
}

const OF_THRESHOLDS = 99;

/** Whether k6 ran to its end. A missed threshold counts as such; the report names it. */
export const ranToItsEnd = (exitCode: number): boolean => exitCode === 0 || exitCode === OF_THRESHOLDS;

/** Describes a failed k6 by its exit code and the last line of its log. */
export async function tellK6Failure(exitCode: number, k6Log: string): Promise<string> {
  const text = await readFile(k6Log, 'utf8').catch(() => '');
  const last = text.split('\n').findLast((line) => line.trim() !== '');
  const said = last === undefined ? 'no output' : last.trim().slice(0, MOST_SAID);
  return `k6 ended with ${exitCode} (${said}; see ${k6Log})`;
}

const MOST_SAID = 300;
