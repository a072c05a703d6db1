import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Database, openDatabase } from '@phaselock/store';
import { createTestDatabase, spawnNode } from '@phaselock/testkit';
import type { z } from 'zod';
import { reportSchema } from '../src/report-schema.ts';

const MAIN = resolve(import.meta.dirname, '../src/main.ts');
const KILLED = resolve(import.meta.dirname, './kill-command.ts');
const STAGES = resolve(import.meta.dirname, '../../../ops/rollout/stages.yml');

type Ran = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
};

/** The environment in which a test runs the command. */
export type Home = AsyncDisposable & {
  readonly url: string;
  readonly database: Database;
  /** The address of Prometheus for the next commands; at first no server listens there. */
  prometheus: string;
  env(): Record<string, string | undefined>;
  rollout(...args: readonly string[]): Promise<Ran>;
  json(...args: readonly string[]): Promise<z.infer<typeof reportSchema>>;
  /** Runs the command and kills it at a racepoint. */
  killedAt(place: string, ...args: readonly string[]): Promise<Ran>;
  rows<Row>(text: string): Promise<Row[]>;
};

const halfAnHour = (stages: string): string => stages.replaceAll('least: 24h', 'least: 30m');

/**
 * Opens a test database with the flag off and the shipped stages with bakes of half an hour, and runs the command in a
 * process.
 */
export async function openHome(shorten = halfAnHour): Promise<Home> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await createTestDatabase());
  const database = stack.use(openDatabase({ url, maxSize: 2 }));
  const folder = await mkdtemp(join(tmpdir(), 'phaselock-rollout-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const stages = join(folder, 'stages.yml');
  await writeFile(stages, shorten(await readFile(STAGES, 'utf8')));
  const rows = async <Row>(text: string): Promise<Row[]> =>
    (await database.pool.pg.query(text)).rows.map((row: Row) => row);
  await rows(`select set_flag('single_session_guard', '{"enabled": false}', 'a test', 'from off', null)`);
  const spawned = async (
    file: string,
    env: Record<string, string | undefined>,
    args: readonly string[],
  ): Promise<Ran> => {
    await using child = spawnNode(file, { args, env });
    return { ...(await child.exited), out: child.stdout(), err: child.stderr() };
  };
  const owned = stack.move();
  const home: Home = {
    url,
    database,
    prometheus: 'http://127.0.0.1:1',
    rows,
    env: () => ({
      PHASELOCK_DATABASE_URL: url,
      PHASELOCK_PROMETHEUS_URL: home.prometheus,
      PHASELOCK_ROLLOUT_STAGES: stages,
      PHASELOCK_ROLLOUT_LEASE_SECONDS: '1',
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
    }),
    rollout: (...args) => spawned(MAIN, home.env(), args),
    json: async (...args) => reportSchema.parse(JSON.parse((await spawned(MAIN, home.env(), [...args, '--json'])).out)),
    killedAt: (place, ...args) => spawned(KILLED, home.env(), [place, ...args]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return home;
}
