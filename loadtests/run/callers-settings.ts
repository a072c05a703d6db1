import { TAG } from './product/tagged-processes.ts';
import { UsageError } from './read-arguments.ts';

const THINK = 'LOAD_THINK_S';
const OF_THE_RUN = /^(?:LOAD_|K6_|PHASELOCK_)/;
const KEPT: readonly string[] = [THINK, TAG];

/**
 * The caller's environment without settings of the load, of k6 and of the product, so that only the run sets them.
 * LOAD_THINK_S is kept.
 */
export const callersSettings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => KEPT.includes(name) || !OF_THE_RUN.test(name)));

/** The value of LOAD_THINK_S; null if the scenario's default applies. */
export function thinkSecondsIn(env: NodeJS.ProcessEnv): number | null {
  const { [THINK]: said = '' } = env;
  if (said === '') return null;
  const seconds = Number(said);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new UsageError(`${THINK} must be a number of seconds from 0, not ${said}`);
}
