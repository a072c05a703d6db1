import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import {
  createTestDatabase,
  freePort,
  keyIn,
  runProgram,
  runWell,
  spawnNode,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { USAGE } from './read-arguments.ts';

// Starting services, and waiting for dead ones, takes longer than the default time-outs.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = resolve(import.meta.dirname, 'main.ts');
const APPS = resolve(import.meta.dirname, '../../apps/api/src');
const SCOPES = 'sessions:read,sessions:write,sessions:replace,admin';

/** A fake k6 that writes a journal without calls, then runs the given shell commands, which end it. */
const fakeK6 = (ends: string): string => `#!/bin/sh
[ "$1" = version ] && echo "k6 v2.2.0 (go1.26)" && exit 0
while [ $# -gt 0 ]; do
  case "$1" in --console-output) journal=$2;; --summary-export) summary=$2;; esac
  shift
done
echo "{\\"is\\":\\"began\\",\\"wallMs\\":$(date +%s%3N),\\"at\\":0}" > "$journal"
echo '{"metrics":{}}' > "$summary"
${ends}
`;

const resources = new AsyncDisposableStack();
let folder: string;
let databaseUrl: string;
let keyFile: string;
beforeAll(async () => {
  folder = resources.use(await temporaryDirectory()).path;
  databaseUrl = resources.use(await createTestDatabase()).url;
  const env = { PHASELOCK_DATABASE_URL: databaseUrl };
  const made = await runWell(join(APPS, 'keys-cli.ts'), ['create', '--name', 'load', '--scopes', SCOPES], env);
  keyFile = join(folder, 'key');
  await writeFile(keyFile, keyIn(made.said));
});
afterAll(() => resources.disposeAsync());

async function startApi() {
  const env = { PHASELOCK_DATABASE_URL: databaseUrl, PHASELOCK_PORT: '0', PHASELOCK_AUTH: 'keys' };
  const api = spawnNode(join(APPS, 'main.ts'), { env });
  const [, url = ''] = await api.waitForLine(/is up at (\S+)/);
  return { url, pid: api.pid, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
}

async function load(args: readonly string[], ends = 'exit 0', env: NodeJS.ProcessEnv = {}) {
  await writeFile(join(folder, 'k6'), fakeK6(ends), { mode: 0o755 });
  const { exitCode, said } = await runProgram(MAIN, [...args], {
    PATH: `${folder}${delimiter}${process.env.PATH}`,
    ...env,
  });
  const [line = ''] = said.split('\n').filter((one) => one.includes('load: '));
  return { exitCode, said, line };
}

describe('an unusable target is reported before the run starts', () => {
  const smoke = (...args: string[]) => load(['smoke', '--out', join(folder, 'none'), ...args]);

  test('reports an address that does not respond, and creates no folder', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { exitCode, line } = await smoke('--url', url, '--key-file', keyFile);
    expect(line).toContain(`no response from ${url}`);
    expect(exitCode).toBe(1);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  test('reports a rejected key, a wrong or missing database, and a folder that is a file', async () => {
    await using api = await startApi();
    const wrong = join(folder, 'wrong');
    await writeFile(wrong, 'plk_wrong');
    const ofAnother = new URL(databaseUrl);
    ofAnother.pathname = '/postgres';
    const nowhere = `postgres://u@127.0.0.1:${await freePort()}/d`;
    const asked = ['--url', api.url, '--key-file', keyFile];
    const cases: [string[], RegExp][] = [
      [['--url', api.url, '--key-file', wrong], /--key-file: .* rejects the key \(401\)/],
      [[...asked, '--database-url', ofAnother.href], /--database-url: the database has no phaselock schema/],
      [[...asked, '--database-url', nowhere], /--database-url: cannot be queried: .*ECONNREFUSED/],
      [[...asked, '--out', keyFile], /--out: cannot create the folder/],
    ];
    for (const [args, why] of cases) {
      const { exitCode, line } = await smoke(...args);
      expect(line).toMatch(why);
      expect(exitCode).toBe(64);
    }
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

test('a missing result is a usage error, and --help prints the usage', async () => {
  for (const args of [
    ['compare', join(folder, 'A'), join(folder, 'B')],
    ['keep', join(folder, 'A')],
  ]) {
    const { exitCode, line } = await load(args);
    expect(line).toBe(`load: ${args[0]}: ${join(folder, 'A')} does not exist`);
    expect(exitCode).toBe(64);
  }
  expect(await load(['--help'])).toMatchObject({ exitCode: 0, said: expect.stringContaining(USAGE) });
});

describe('an aborted run', () => {
  const out = (name: string) => ['smoke', '--key-file', keyFile, '--out', join(folder, name)];

  test('reports the last line of a failed k6 and that nothing was proven', async () => {
    await using api = await startApi();
    const { exitCode, line } = await load(
      [...out('failed'), '--url', api.url],
      'echo first; echo the last line; exit 255',
    );
    expect(line).toMatch(/k6 ended with 255 \(the last line; see .*\): nothing was proven/);
    expect(exitCode).toBe(1);
  });

  test('reports a dead service and that nothing was proven without its database', async () => {
    await using api = await startApi();
    const { exitCode, line } = await load([...out('dead'), '--url', api.url], `kill -9 ${api.pid}`);
    expect(line).toContain(`${api.url} does not respond after the load`);
    expect(line).toContain('nothing was proven');
    expect(exitCode).toBe(1);
  });

  test('is proven from the database if its address is known, with the dead service as a finding', async () => {
    await using api = await startApi();
    const known = ['--url', api.url, '--database-url', databaseUrl];
    const given = join(folder, 'given');
    const settings = { LOAD_THINK_S: '0.5', LOAD_RATE: '77', K6_VUS: '9' };
    const ends = `env > '${given}'; kill -9 ${api.pid}`;
    const { exitCode, said } = await load([...out('known'), ...known], ends, settings);
    expect(said).toContain(`NOT PROVEN: crash: ${api.url} does not respond after the load`);
    expect(existsSync(join(folder, 'known', 'result.json'))).toBe(true);
    expect(exitCode).toBe(2);
    expect(JSON.parse(await readFile(join(folder, 'known', 'run.json'), 'utf8'))).toMatchObject({ thinkSeconds: 0.5 });
    const ofK6 = (await readFile(given, 'utf8')).split('\n');
    expect(ofK6).toContain(`PHASELOCK_URLS=${api.url}`);
    expect(ofK6.filter((line) => /^(?:LOAD|K6)_/.test(line))).toEqual(['LOAD_THINK_S=0.5']);
  });
});
