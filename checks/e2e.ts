import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

/** Follows the README like a new user: in a fresh copy, runs its commands, kills the process and starts it again. */
const ROOT = resolve(import.meta.dirname, '..');
const HOME = mkdtempSync(join(tmpdir(), 'phaselock-e2e-'));
const COPY = join(HOME, 'phaselock');

let steps = 0;
let failed = 0;
const step = (name: string, held: boolean, detail = ''): void => {
  steps += 1;
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

/**
 * The environment of a user's shell. pnpm sets variables for the programs it runs, such as this one, and puts its own
 * Node on the PATH; a user's shell has neither.
 */
const SHELL_ENV: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries({
    ...process.env,
    PATH: process.env.PATH?.split(delimiter)
      .filter((folder) => !folder.includes('node_modules'))
      .join(delimiter),
  }).filter(([name]) => !/^p?npm_|^PNPM_|^INIT_CWD$|^NODE_|^PHASELOCK_/i.test(name)),
);

type Ran = { readonly status: number | null; readonly out: string; readonly err: string };

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Ran {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: COPY,
    env: { ...SHELL_ENV, ...env },
    encoding: 'utf8',
  });
  return { status, out: stdout.trim(), err: stderr.trim() };
}

const pnpm = (...args: string[]): Ran => run('npx', ['--yes', 'pnpm@12', '--silent', ...args]);
const shell = (script: string): string => run('sh', ['-c', script]).out;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((settle) => server.listen(0, '127.0.0.1', settle));
  const address = server.address();
  await new Promise((settle) => server.close(settle));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts the API in a separate process group, so that pnpm, its shell and node end together. */
const start = (port: number): ChildProcess =>
  spawn('npx', ['--yes', 'pnpm@12', 'start'], {
    cwd: COPY,
    env: { ...SHELL_ENV, PHASELOCK_PORT: String(port) },
    detached: true,
    // The log is not used, and an unread pipe would fill up and block the process.
    stdio: ['ignore', 'ignore', 'pipe'],
  });

async function banner(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stderr ?? []) {
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

/** The answers to the calls of the README, in its order. */
const README_ANSWERS = [
  '"outcome":"created"',
  '"message":"A session with the same model is already active. View the active session."',
  '"code":"replace_confirmation_required"',
  '"outcome":"replaced"',
  '"generation":2',
];
const ONE_LIVE = /^\{"items":\[\{"id":"[^"]+"[^[\]]*\}\],"next":null\}$/;

try {
  freshCopy();
  const port = await freePort();
  const here = (text: string): string => text.replaceAll('127.0.0.1:4700', `127.0.0.1:${port}`);

  const first = start(port);
  const shown = await banner(first);
  const [curl = 'false'] = /curl .+/.exec(shown) ?? [];
  const pasted = shell(curl);
  step('the curl of the banner creates a session', pasted.includes('"outcome":"created"'), `${shown}\n${pasted}`);
  step('the same curl again finds the session', shell(curl).includes(String(README_ANSWERS[1])), shell(curl));

  const [, script = 'false'] = /```sh\n([\s\S]*?)```/.exec(readFileSync(join(COPY, 'README.md'), 'utf8')) ?? [];
  const answers = shell(here(script)).split('\n');
  const asTold = README_ANSWERS.every((text, index) => answers[Math.min(index, 3)]?.includes(text));
  step('each call of the README returns the documented answer', asTold, answers.join('\n'));
  step('the list has one live session', ONE_LIVE.test(answers[4] ?? ''), answers[4]);

  const made = pnpm('keys', 'create', '--name', 'ci', '--scopes', 'sessions:read');
  const [key = ''] = made.out.split('\n');
  const list = `curl -s http://127.0.0.1:${port}/v1/sessions -H 'Authorization: Bearer ${key}'`;
  step('a key created while the API runs is accepted', shell(list).startsWith('{"items":['), made.out + made.err);
  const wrong = pnpm('keys', 'create', '--nmae', 'ci');
  step('a misspelt flag is a usage error', wrong.status === 64 && !/ {4}at /.test(wrong.err), wrong.err);

  const proven = pnpm('verify-sessions', '--all');
  step('the audit finds no errors', proven.status === 0 && proven.out.endsWith('OK'), proven.out + proven.err);
  const unknown = pnpm('verify-sessions', 'ffffffff');
  step('an unknown attempt exits with 3', unknown.status === 3, `${unknown.status} ${unknown.err}`);

  const now = { PHASELOCK_ARCHIVE_AFTER_HOURS: '0', PHASELOCK_PURGE_AFTER_HOURS: '0' };
  const purged = run('npx', ['--yes', 'pnpm@12', '--silent', 'purge-worker', 'once'], now);
  step(
    'deleted sessions are archived and purged',
    /^archived [1-9]\d* .* failed 0/.test(purged.out),
    purged.out + purged.err,
  );
  const deep = pnpm('verify-sessions', '--all', '--deep');
  step('a deep audit finds no errors', deep.status === 0 && deep.out.endsWith('OK'), deep.out + deep.err);
  const [object = ''] = globSync('.phaselock/archive/**/*.gz', { cwd: COPY });
  const archived = /([\da-f-]{36})\.v/.exec(object)?.[1];
  const retrieve = `curl -s http://127.0.0.1:${port}/v1/archives/${archived} -H 'Authorization: Bearer ${keptKey()}'`;
  step('the API returns the archive of a session', shell(retrieve).includes('"schemaVersion":1'), shell(retrieve));
  const bytes = readFileSync(join(COPY, object));
  writeFileSync(join(COPY, object), bytes.with(9, (bytes[9] ?? 0) ^ 1));
  const found = pnpm('verify-sessions', '--all', '--deep');
  step('the audit finds a flipped bit', found.status === 2 && found.out.includes('SV503'), found.out + found.err);
  step('the API refuses the damaged archive', shell(retrieve).includes('"archive_damaged"'), shell(retrieve));

  const example = pnpm('example');
  step('the library example runs as well', example.out.endsWith('created\nexisting\nask\nreplaced'), example.out);

  const before = keptKey();
  step('the banner does not print the key without a terminal', !`${shown}`.includes(before), shown);
  await end(first, 'SIGKILL');
  const second = start(port);
  const again = await banner(second);
  step('after kill -9 the API starts with the same key', keptKey() === before && before.startsWith('plk_'), again);
  step('after kill -9 the session still exists', shell(curl).includes(String(README_ANSWERS[1])), shell(curl));
  await end(second, 'SIGTERM');
  step('no PostgreSQL process is left running', servers().length === 0, servers().map(cmdline).join('\n'));
} finally {
  rmSync(HOME, { recursive: true, force: true });
}
console.log(`${steps - failed} of ${steps} steps passed`);
process.exitCode = failed === 0 ? 0 : 1;

function keptKey(): string {
  return readFileSync(join(COPY, '.phaselock/api-key'), 'utf8').trim();
}
