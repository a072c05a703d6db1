import { type DestinationStream, pino } from 'pino';

/** What is kept of lines that could not be written yet; those beyond it are dropped. */
const KEPT_BYTES = 1_048_576;

/**
 * Lines for standard output. Where that is a file on a disk that is full, lines wait until there is space again: without a listener the error of
 * the first one would end the process, and the flush at its exit would then try for ever.
 */
export function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, maxLength: KEPT_BYTES });
  const { flushSync } = output;
  output.on('error', () => {
    output.flushSync = () => undefined;
  });
  output.on('drain', () => {
    output.flushSync = flushSync;
  });
  return output;
}
