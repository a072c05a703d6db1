import type { CacheLog, CacheObserver } from '../src/cache-observer.ts';

export type RecordedObserver = CacheObserver & {
  readonly log: CacheLog;
  readonly lines: string[];
  count(event: string): number;
};

/** Records for a test how often each event such as `memory hit` or `delivered` happened, and what was logged. */
export function recordedObserver(): RecordedObserver {
  const events: string[] = [];
  const lines: string[] = [];
  const write = (_: object, message: string): void => void lines.push(message);
  return {
    requested: (layer, result) => void events.push(`${layer} ${result}`),
    invalidated: (result) => void events.push(result),
    count: (wanted) => events.filter((event) => event === wanted).length,
    log: { info: write, warn: write },
    lines,
  };
}
