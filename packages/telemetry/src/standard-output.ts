import { type DestinationStream, pino } from 'pino';

/** Maximum size of lines that wait to be written. Further lines are dropped. */
const KEPT_BYTES = 1_048_576;

/**
 * Writes lines to standard output. If that is a file on a full disk, lines wait for free space: without an error
 * listener, the first error would end the process, and the flush at exit would retry for ever.
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
