import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from '@phaselock/contract';
import { createTestDatabase, findProgram, freePort, keyIn, runWell, temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allCheckers, checkHistory } from '../../chaos/check-history.ts';
import { readBack } from '../../chaos/read-back.ts';
import { createApiProcess } from '../../chaos/world/api-process.ts';
import type { Call, JournalLine, OperationName, RunBegan } from '../journal/journal-line.ts';
import { tookWhatIsStale } from '../journal/took-what-is-stale.ts';

const KEYS = resolve(import.meta.dirname, '../../apps/api/src/keys-cli.ts');
const SCRIPT = resolve(import.meta.dirname, 'smoke.ts');
const SCOPES = 'sessions:read,sessions:write,sessions:replace,archive:read,admin';
const LEASE_MS = 30_000;

/** Every operation name. The type makes a missing name a compile error. */
const NAMES: Readonly<Record<OperationName, true>> = {
  'create-project': true,
  'create-task': true,
  'create-attempt': true,
  start: true,
  question: true,
  replace: true,
  keep: true,
  turn: true,
  heartbeat: true,
  logs: true,
  usage: true,
  finish: true,
  lookup: true,
  'lookup-many': true,
  list: true,
  export: true,
  feedback: true,
  delete: true,
  'stale-turn': true,
  'stale-replace': true,
  'read-session': true,
};

describe.skipIf(findProgram(['k6'], process.env) === undefined)('the journal of a short smoke run', () => {
  const resources = new AsyncDisposableStack();
  let began: RunBegan[];
  let calls: Call[];
  let url: string;
  let key: string;

  beforeAll(async () => {
    const folder = resources.use(await temporaryDirectory()).path;
    const database = resources.use(await createTestDatabase());
    const env = {
      PHASELOCK_DATABASE_URL: database.url,
      PHASELOCK_DATA_DIR: join(folder, 'data'),
      PHASELOCK_LEASE_MS: String(LEASE_MS),
      PHASELOCK_RATE_LIMIT: '0',
      PHASELOCK_LOG_LEVEL: 'warn',
    };
    key = keyIn((await runWell(KEYS, ['create', '--name', 'load', '--scopes', SCOPES], env)).said);
    const api = createApiProcess({ name: 'api', port: await freePort(), folder, env });
    resources.defer(() => api.end('SIGKILL'));
    await api.start();
    url = `http://127.0.0.1:${api.port}`;

    const journal = join(folder, 'journal.ndjson');
    const args = ['run', '--no-usage-report', '--quiet', '--log-format', 'raw', '--console-output', journal, SCRIPT];
    const load = { PHASELOCK_URLS: url, PHASELOCK_API_KEY: key, LOAD_DURATION_S: '4' };
    // Rejects if a check or a threshold failed.
    await promisify(execFile)('k6', args, { env: { ...process.env, ...load } });
    const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n');
    const read = lines.map((line): JournalLine => JSON.parse(line));
    began = read.flatMap((line) => (line.is === 'began' ? [line] : []));
    calls = read.flatMap((line) => (line.is === 'operation' ? [line] : []));
  }, 120_000);
  afterAll(() => resources.disposeAsync());

  test('begins with one line that relates its clock to the wall clock', () => {
    expect(began).toHaveLength(1);
    const [{ at, wallMs } = { at: -1, wallMs: 0 }] = began;
    expect(at).toBeGreaterThanOrEqual(0);
    expect(Number.isInteger(wallMs)).toBe(true);
    expect(calls.every((call) => call.at >= at)).toBe(true);
  });

  test('has every operation, both arms, and a unique number for each call', () => {
    expect(new Set(calls.map(({ name }) => name))).toEqual(new Set(Object.keys(NAMES)));
    expect(new Set(calls.map(({ arm }) => arm))).toEqual(new Set(['closed', 'open']));
    expect(new Set(calls.map(({ n }) => n)).size).toBe(calls.length);
    expect(calls.every(({ at, until, api }) => until >= at && api === 0)).toBe(true);
    expect(calls.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
  });

  test('has no accepted stale call', () => {
    expect(calls.filter(tookWhatIsStale)).toEqual([]);
  });

  test('is a history that every checker compares without findings', async () => {
    const run = /^load-[^-]+/.exec(calls[0]?.asked.title ?? '')?.[0] ?? '';
    const final = await readBack(
      createClient({ baseUrl: url, key }),
      (name) => name.startsWith(run),
      (ms) => ms,
    );
    const judged = allCheckers(LEASE_MS).filter(({ name }) => name !== 'streams');
    const verdicts = await checkHistory(entriesOf(calls), { final, changes: new Map() }, judged);
    expect(verdicts.flatMap(({ findings }) => findings)).toEqual([]);
    for (const { checker, compared } of verdicts) expect(Object.values(compared)[0], checker).toBeGreaterThan(0);
    expect(final.sessions.size).toBeGreaterThan(0);
  });
});

async function* entriesOf(calls: readonly Call[]): AsyncGenerator<Call> {
  yield* calls;
}
