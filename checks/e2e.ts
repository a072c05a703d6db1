import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

/** The README as a user follows it: a fresh copy in a private folder, its commands, a killed process, a second start. */
const ROOT = resolve(import.meta.dirname, '..');
const HOME = mkdtempSync(join(tmpdir(), 'phaselock-e2e-'));
const COPY = join(HOME, 'phaselock');
const ANSWERS = 'created\nexisting\nask\nreplaced';

let failed = 0;
const step = (name: string, held: boolean, detail = ''): void => {
  if (!held) failed += 1;
  console.log(`${held ? '✓' : '✗'} ${name}${held ? '' : `\n${detail}`}`);
};

function freshCopy(): void {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const file of files.split('\n').filter(Boolean)) cpSync(join(ROOT, file), join(COPY, file));
}

/** A user's shell, not this script's: pnpm tells what it runs that dependencies were looked after, and puts its own Node on the path. */
const SHELL_ENV: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries({
    ...process.env,
    PATH: process.env.PATH?.split(delimiter)
      .filter((folder) => !folder.includes('node_modules'))
      .join(delimiter),
  }).filter(([name]) => !/^p?npm_|^PNPM_|^INIT_CWD$|^NODE_/i.test(name)),
);

const pnpm = (...args: string[]): string =>
  execFileSync('npx', ['--yes', 'pnpm@12', ...args], {
    cwd: COPY,
    env: SHELL_ENV,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** A process group of its own: pnpm, its shell and node end together. */
const start = (): ChildProcess =>
  spawn('npx', ['--yes', 'pnpm@12', 'start'], {
    cwd: COPY,
    env: SHELL_ENV,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });

async function banner(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('Ctrl-C')) return text;
  }
  return text;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const gone = new Promise((settle) => child.once('exit', settle));
  if (child.pid !== undefined) process.kill(-child.pid, signal);
  await gone;
}

const servers = (): string[] =>
  globSync('/proc/[0-9]*/cmdline').filter((file) => cmdline(file).includes(COPY) && cmdline(file).includes('postgres'));
function cmdline(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

try {
  freshCopy();
  const first = start();
  step('start says where the database is', (await banner(first)).includes('postgres://'));
  const beside = pnpm('--silent', 'example').trim();
  step('the example runs beside it', beside.endsWith(ANSWERS), beside);
  await end(first, 'SIGKILL');
  const alone = pnpm('--silent', 'example').trim();
  step('after a kill -9 the example still runs, on the data that was there', alone.endsWith(ANSWERS), alone);
  const second = start();
  const shown = await banner(second);
  step('a second start finds both sessions', /sessions\s+2 live/.test(shown), shown);
  await end(second, 'SIGTERM');
  step('nothing is left running', servers().length === 0, servers().map(cmdline).join('\n'));
} finally {
  rmSync(HOME, { recursive: true, force: true });
}
console.log(`${5 - failed} of 5 steps held`);
process.exitCode = failed === 0 ? 0 : 1;
