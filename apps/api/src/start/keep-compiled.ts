import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Beside the code it was made from, for whoever may change that may change this: a folder all users share would let them put code into it. */
const FOLDER = fileURLToPath(new URL('../../../../node_modules/.cache/phaselock', import.meta.url));

/**
 * Keeps what Node makes of our modules (types stripped, compiled) for the next start: a second of each without it. Where nothing can be written all goes
 * on as without. Answers what writes it down, for a process that is killed does not come to it at its end.
 */
export function keepCompiled(): () => void {
  enableCompileCache(FOLDER);
  return flushCompileCache;
}
