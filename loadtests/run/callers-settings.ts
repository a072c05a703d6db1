import { TAG } from './product/tagged-processes.ts';
import { UsageError } from './read-arguments.ts';

const THINK = 'LOAD_THINK_S';
const OF_THE_RUN = /^(?:LOAD_|K6_|PHASELOCK_)/;
const KEPT: readonly string[] = [THINK, TAG];

/** What k6 gets of the environment of who called: no setting of the load, of k6 or of the product that the run did not set itself. */
export const callersSettings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => KEPT.includes(name) || !OF_THE_RUN.test(name)));

/** Null: the scenario's own. */
export function thinkSecondsIn(env: NodeJS.ProcessEnv): number | null {
  const { [THINK]: said = '' } = env;
  if (said === '') return null;
  const seconds = Number(said);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw new UsageError(`${THINK} is a number of seconds from 0, not ${said}`);
}
