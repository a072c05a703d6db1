import { resolve } from 'node:path';
import { spawnNode } from '@phaselock/testkit';

const MAIN = resolve(import.meta.dirname, '../src/main.ts');

export type Ran = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
};

/** Runs `verify-sessions` on a database. */
export async function runVerify(url: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const surroundings = {
    PHASELOCK_DATABASE_URL: url,
    PHASELOCK_DATA_DIR: '/no/such/place',
    PHASELOCK_SEAL_KEY: undefined,
    NO_COLOR: undefined,
    FORCE_COLOR: undefined,
    ...env,
  };
  await using run = spawnNode(MAIN, { args, env: surroundings });
  return { ...(await run.exited), out: run.stdout(), err: run.stderr() };
}
