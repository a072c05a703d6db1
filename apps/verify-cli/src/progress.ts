import { visibleText } from '@phaselock/core';
import type { Write } from './report.ts';

/** A line on a terminal that names the current check. Disposing removes it. */
type Progress = Disposable & {
  show(text: string): void;
  remove(): void;
  /**
   * The writer of a report that goes to the same terminal. The line is removed before each write, and is not shown
   * while the last line of the report is unfinished.
   */
  beside(write: Write): Write;
};

const CLEAR_LINE = '\r\u001b[K';

export function progressOn(terminal: NodeJS.WritableStream): Progress {
  const state = { shown: false, unfinished: false };
  const remove = (): void => {
    if (state.shown) terminal.write(CLEAR_LINE);
    state.shown = false;
  };
  return {
    show: (text) => {
      if (state.unfinished) return;
      terminal.write(`${CLEAR_LINE}${visibleText(text)}`);
      state.shown = true;
    },
    beside: (write) => async (text) => {
      remove();
      if (text !== '') state.unfinished = !text.endsWith('\n');
      await write(text);
    },
    remove,
    [Symbol.dispose]: remove,
  };
}

export const noProgress: Progress = {
  show: () => undefined,
  remove: () => undefined,
  beside: (write) => write,
  [Symbol.dispose]: () => undefined,
};
