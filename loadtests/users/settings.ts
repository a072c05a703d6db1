import type { Size } from './sizes.ts';

export type Settings = Size & {
  readonly urls: readonly string[];
  readonly key: string;
  /** Path of the file with the seeded tasks, from LOAD_BOARD. */
  readonly board: string | undefined;
  /** Whether starts name the user on whose behalf they are made; needs the scope `users:name`. */
  readonly namesUsers: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;
const ANYWHERE = /^https?:\/\/[^/?#]+$/;

/**
 * Reads the settings of a scenario from its size and the environment. Only loopback addresses are accepted, unless
 * LOAD_ALLOW_REMOTE is 1.
 */
export function readSettings(env: Environment, size: Size): Settings {
  const allowed = env.LOAD_ALLOW_REMOTE === '1' ? ANYWHERE : LOOPBACK;
  const urls = (env.PHASELOCK_URLS ?? 'http://127.0.0.1:4700').split(',').map((url) => url.trim().replace(/\/$/, ''));
  for (const url of urls)
    if (!allowed.test(url))
      throw new Error(
        `PHASELOCK_URLS: ${url} is not http://ADDRESS:PORT on this machine (LOAD_ALLOW_REMOTE=1 allows more)`,
      );
  return {
    urls,
    key: env.PHASELOCK_API_KEY ?? '',
    users: numberIn(env, 'LOAD_USERS', size.users, 1),
    seconds: numberIn(env, 'LOAD_DURATION_S', size.seconds, 1),
    rate: numberIn(env, 'LOAD_RATE', size.rate, 0),
    thinkSeconds: numberIn(env, 'LOAD_THINK_S', size.thinkSeconds, 0),
    board: env.LOAD_BOARD === '' ? undefined : env.LOAD_BOARD,
    namesUsers: env.LOAD_NAME_USERS === '1',
  };
}

function numberIn(env: Environment, name: string, otherwise: number, least: number): number {
  const said = env[name];
  if (said === undefined || said === '') return otherwise;
  const value = Number(said);
  if (!Number.isFinite(value) || value < least) throw new Error(`${name}: ${said} is not a number from ${least}`);
  return value;
}
