import type { TimeLeft } from '../time-left.ts';

/** A call with more text than this takes longer to carry out than to send. The others would wait for it. */
const MOST_TEXT = 8_192;
const MOST_ELEMENTS = 64;

/** A call with less time than this would make the server refuse its group. */
const SHORT_MS = 100;

/** Whether a call may be sent with others. */
export const travelsTogether = (values: readonly unknown[], left: TimeLeft): boolean =>
  left.remainingMs() > SHORT_MS && textIn(values) <= MOST_TEXT;

function textIn(values: readonly unknown[]): number {
  let size = 0;
  for (const value of values) {
    if (typeof value === 'string') size += value.length;
    else if (Array.isArray(value)) size += value.length > MOST_ELEMENTS ? Number.POSITIVE_INFINITY : textIn(value);
  }
  return size;
}
