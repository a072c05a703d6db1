import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  eventually,
  holdLock,
  openTestGuard,
  type TemporaryDirectory,
  type TestGuard,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeObra, misname, nameAgain, twoCases } from '../test/histories.ts';
import { nodeProgram } from '../test/node-program.ts';
import { reportSchema } from './report-schema.ts';

// A test starts the command several times.
vi.setConfig({ testTimeout: 120_000 });

const ROOT = resolve(import.meta.dirname, '../../..');
const FETCHING_TAKES_MS = 600_000;

let directory: TemporaryDirectory;
let home: TestGuard;
let attemptId: string;
let session: string;
/** The packed file alone, in a folder without its package.json. */
let file: string;
let obra: string;

beforeAll(async () => {
  directory = await temporaryDirectory();
  const cwd = directory.path;
  const packed = execFileSync(process.execPath, [join(ROOT, 'checks/pack-verify-sessions.ts'), cwd], {
    encoding: 'utf8',
  });
  execFileSync('tar', ['xzf', packed.trim()], { cwd });
  file = join(cwd, 'verify-sessions.mjs');
  copyFileSync(join(cwd, 'package/verify-sessions.mjs'), file);
  obra = join(cwd, 'obra.db');
  makeObra(obra);
  home = await openTestGuard();
  ({ attemptId, second: session } = await twoCases(home));
}, FETCHING_TAKES_MS);
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

type Ran = { readonly code: number; readonly out: string; readonly err: string };

async function run(node: string, ...args: readonly string[]): Promise<Ran> {
  const options = { cwd: directory.path, env: { PATH: process.env.PATH } };
  return await promisify(execFile)(node, [file, ...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }),
  );
}

const manifest = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

/** The oldest of the versions that have SQLite, and one of each other supported line. */
describe.each([
  ['20.19.5', false],
  ['22.15.0', true],
  ['24', true],
])('the packed verify-sessions, outside the repository, with Node %s', (version, hasSqlite) => {
  let node: string;
  beforeAll(async () => {
    node = await nodeProgram(version);
    expect((await promisify(execFile)(node, ['--version'])).stdout).toMatch(new RegExp(`^v${version}`));
  }, FETCHING_TAKES_MS);

  test('knows its version and its rules', async () => {
    const { version: release } = manifest(join(ROOT, 'apps/verify-cli/package.json'));
    expect(await run(node, '--version')).toEqual({ code: 0, out: `${release}\n`, err: '' });
    expect(await run(node, 'explain', 'SV101')).toMatchObject({
      out: expect.stringContaining('model-change-not-fresh'),
    });
    expect((await run(node, 'rules')).code).toBe(0);
    expect(await run(node, 'schema')).toMatchObject({
      code: 0,
      out: readFileSync(join(ROOT, 'docs/verify-sessions.schema.json'), 'utf8'),
    });
  });

  test('audits a PostgreSQL database in every format', async () => {
    const database = ['--database', home.databaseUrl];
    const { code, out, err } = await run(node, '--all', ...database, '--format', 'json');
    expect([code, err]).toEqual([0, '']);
    expect(reportSchema.parse(JSON.parse(out)).summary.read).toMatchObject({ sessions: 2, processes: 3 });
    expect(await run(node, attemptId, ...database)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/2 \d\d:\d\d:\d\d run +claude-sonnet-4-5 FollowUp/),
      err: '',
    });
    await misname(home, session, 'nobody');
    for (const format of ['human', 'json', 'ndjson', 'junit', 'github', 'sarif'])
      expect(await run(node, '--all', ...database, '--format', format), format).toMatchObject({
        code: 2,
        out: expect.stringContaining('SV402'),
        err: '',
      });
    await nameAgain(home, session);
  });

  test('writes and uses a baseline, and ends by a signal', async () => {
    const known = join(directory.path, `known-${version}.json`);
    await misname(home, session, 'nobody');
    const all = ['--all', '--database', home.databaseUrl, '--baseline', known];
    expect(await run(node, ...all, '--write-baseline')).toMatchObject({ code: 0, err: '' });
    expect(await run(node, ...all)).toMatchObject({ code: 0, out: expect.stringContaining('1 baselined') });
    await nameAgain(home, session);

    await using held = await holdLock(home.databaseUrl, 'lock table archives in access exclusive mode');
    const child = execFile(node, [file, '--all', '--database', home.databaseUrl]);
    const ended = new Promise((resolveCode) => child.once('close', resolveCode));
    const { pg } = home.guard.database.pool;
    const atWork = async (): Promise<number> =>
      (
        await pg.query(
          `select from pg_stat_activity where application_name = 'verify-sessions' and wait_event_type = 'Lock' and datname = current_database()`,
        )
      ).rowCount ?? 0;
    await eventually(async () => (await atWork()) > 0);
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    await eventually(async () => (await atWork()) === 0);
    await held.letGo();
  });

  test(hasSqlite ? 'audits an SQLite database' : 'names the version that an SQLite source needs', async () => {
    const { code, out, err } = await run(node, '--all', '--source', `obra:${obra}`);
    if (hasSqlite) {
      expect([code, out, err]).toEqual([
        0,
        expect.stringContaining('read: 1 session · 1 process\n'),
        expect.anything(),
      ]);
      // Node 22 warns that its SQLite module is experimental.
      expect(err.replaceAll(/^\(.*\n/gm, '')).toBe('');
    } else {
      expect([code, out]).toEqual([1, '']);
      expect(err).toBe(`verify-sessions: an SQLite source needs Node 22.15 or later; this is v${version}\n`);
    }
  });

  test('says what it lacks: an embedded database, and the archive stores', async () => {
    expect(await run(node, '--all')).toMatchObject({ code: 1, err: expect.stringContaining('there is no database') });
    expect(await run(node, '--all', '--deep', '--database', home.databaseUrl)).toMatchObject({
      code: 1,
      err: 'verify-sessions: --deep is not available in the packed command: run verify-sessions from the repository\n',
    });
  });
});

test('the package names the versions of Node that it runs with', () => {
  const { engines, bin } = manifest(join(directory.path, 'package/package.json'));
  expect([engines.node, bin]).toEqual(['>=20.11', { 'verify-sessions': 'verify-sessions.mjs' }]);
});
