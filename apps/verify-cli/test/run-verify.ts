import { resolve } from 'node:path';
import { spawnNode } from '@phaselock/testkit';

export const MAIN = resolve(import.meta.dirname, '../src/main.ts');

export type Ran = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
};

/** The environment of a user with this database, without an embedded one, and with no wish about colours. */
export const environment = (url: string | undefined): NodeJS.ProcessEnv => ({
  PHASELOCK_DATABASE_URL: url,
  PHASELOCK_DATA_DIR: '/no/such/place',
  PHASELOCK_SEAL_KEY: undefined,
  NO_COLOR: undefined,
  FORCE_COLOR: undefined,
});

/** Runs the command as a user does. */
export async function verify(url: string | undefined, ...args: readonly string[]): Promise<Ran> {
  return await verifyIn(environment(url), ...args);
}

export async function verifyIn(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Ran> {
  await using run = spawnNode(MAIN, { args, env });
  return { ...(await run.exited), out: run.stdout(), err: run.stderr() };
}

/** The same with further variables. */
export const runVerify = (url: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  verifyIn({ ...environment(url), ...env }, ...args);
