import { OutOfTime } from '../time-left.ts';
import { isRolledBack } from './is-rolled-back.ts';

/** Whether a group certainly wrote nothing: its statement failed or was cancelled, or was never sent. */
export const wroteNothing = (error: unknown): boolean => isRolledBack(error) || error instanceof OutOfTime;
