import { chmod, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { eventually, redisAvailable, type SpawnedNode, spawnNode, temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { taggedProcesses } from './product/tagged-processes.ts';

const MAIN = resolve(import.meta.dirname, 'main.ts');
const EXIT_INTERRUPTED = 130;
const STARTS_WITHIN_MS = 60_000;

/** A fake k6 that runs until it is interrupted. These tests look at the processes started beside it. */
const K6 = `#!/bin/sh
[ "$1" = version ] && echo "k6 v2.2.0 (go1.26)" && exit 0
trap 'exit 105' INT
while :; do sleep 0.1; done
`;

async function scene() {
  const folder = await temporaryDirectory();
  // If root runs the tests, PostgreSQL runs as another user, which must be able to enter this folder.
  await chmod(folder.path, 0o711);
  await writeFile(join(folder.path, 'k6'), K6, { mode: 0o755 });
  const run = spawnNode(MAIN, {
    args: ['smoke', '--self', '--out', join(folder.path, 'run')],
    env: { TMPDIR: folder.path, PATH: `${folder.path}${delimiter}${process.env.PATH}` },
  });
  const homes = async () => (await readdir(folder.path)).filter((name) => name.startsWith('phaselock-load-'));
  return {
    run,
    homes,
    /** The folder of the run, whose path also tags the processes that the run starts. */
    home: () =>
      eventually(
        async () => {
          const [name] = await homes();
          if (name === undefined) throw new Error(`no database was made:\n${run.lines.join('\n')}`);
          return join(folder.path, name);
        },
        { withinMs: STARTS_WITHIN_MS },
      ),
    [Symbol.asyncDispose]: async () => {
      await run[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const pidsNow = async (): Promise<string[]> => (await readdir('/proc')).filter((name) => /^\d+$/.test(name));

/** PostgreSQL does not inherit the tag, so it is found by its data folder. */
const databasesIn = (home: string): Promise<string[]> => commandsWith(join(home, 'postgres', 'cluster'));
/** The process that cleans up after a run. */
const clearingOf = (home: string): Promise<string[]> => commandsWith(`clear-after-us.ts\0${home}`);

async function commandsWith(text: string): Promise<string[]> {
  const pids = await pidsNow();
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(text));
}

/** Redis is found by its working folder, which may already have been removed. */
async function redisIn(home: string): Promise<string[]> {
  const pids = await pidsNow();
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return folders.filter((folder) => folder.startsWith(join(home, 'redis')));
}

const REDIS = redisAvailable().kind === 'binary' ? 1 : 0;

const underLoad = (run: SpawnedNode) => run.waitForLine(/users for/);

describe.runIf(process.platform === 'linux')('no process or folder of a run is left over', { timeout: 180_000 }, () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('after %s during the load', async (signal) => {
    await using at = await scene();
    await underLoad(at.run);
    const home = await at.home();
    // At least k6 and the API.
    expect(taggedProcesses(home).length).toBeGreaterThanOrEqual(2);
    expect(await databasesIn(home)).toHaveLength(1);
    at.run.kill(signal);
    const { code } = await at.run.exited;
    expect(code).toBe(signal === 'SIGINT' ? EXIT_INTERRUPTED : 143);
    expect(at.run.stderr()).toContain('interrupted: nothing was proven');
    expect(at.run.stderr()).not.toContain('had not ended');
    expect(taggedProcesses(home)).toEqual([]);
    expect(await databasesIn(home)).toEqual([]);
    expect(await at.homes()).toEqual([]);
  });

  test('after an interrupt while PostgreSQL starts', async () => {
    await using at = await scene();
    const home = await at.home();
    await eventually(async () => (await databasesIn(home)).length > 0, { withinMs: STARTS_WITHIN_MS });
    at.run.kill('SIGINT');
    expect((await at.run.exited).code).toBe(EXIT_INTERRUPTED);
    expect(taggedProcesses(home)).toEqual([]);
    expect(await databasesIn(home)).toEqual([]);
    expect(await at.homes()).toEqual([]);
  });

  test('after an interrupt before anything was started', async () => {
    await using at = await scene();
    await at.home();
    at.run.kill('SIGINT');
    expect((await at.run.exited).code).toBe(EXIT_INTERRUPTED);
    expect(await at.homes()).toEqual([]);
  });

  test('after the run itself was killed', async () => {
    await using at = await scene();
    await underLoad(at.run);
    const home = await at.home();
    expect(taggedProcesses(home).length).toBeGreaterThanOrEqual(2);
    expect(await redisIn(home)).toHaveLength(REDIS);
    at.run.kill('SIGKILL');
    await at.run.exited;
    await eventually(async () => (await clearingOf(home)).length === 0, { withinMs: STARTS_WITHIN_MS });
    expect(taggedProcesses(home)).toEqual([]);
    expect(await redisIn(home)).toEqual([]);
    expect(await databasesIn(home)).toEqual([]);
    expect(await at.homes()).toEqual([]);
    expect(at.run.stderr()).not.toContain('EPIPE');
  });
});
