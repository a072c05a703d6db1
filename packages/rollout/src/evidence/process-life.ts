import type { Sample } from '../prometheus/prometheus.ts';

/** The processes that were seen under one instance label, read from `process_start_time_seconds` at every scrape. */
export type ProcessLife = {
  readonly processes: Process[];
  atStart: boolean;
  longestGapMs: number;
  gapEndedAt: number | null;
};

/** One process, from the first to the last scrape that found it. */
export type Process = { readonly startedAt: number; readonly firstAt: number; lastAt: number };

export const newLife = (): ProcessLife => ({ processes: [], atStart: false, longestGapMs: 0, gapEndedAt: null });

export type Window = { readonly from: number; readonly longestGapMs: number };

/** Adds samples of the start time of the process under one instance label. */
export function foldLife(life: ProcessLife, samples: readonly Sample[], { from, longestGapMs }: Window): void {
  for (const { at, value } of samples) {
    // An invalid start time identifies no process; it appears as a gap.
    if (!Number.isFinite(value) || value <= 0) continue;
    const startedAt = value * 1_000;
    const latest = life.processes.at(-1);
    if (at <= from && from - at <= longestGapMs) life.atStart = true;
    if (latest !== undefined && at > from) {
      const gap = at - latest.lastAt;
      life.longestGapMs = Math.max(life.longestGapMs, gap);
      if (gap > longestGapMs) life.gapEndedAt = at;
    }
    // A process that is read twice has samples out of order; its duplicated series are reported instead.
    if (latest?.startedAt === startedAt) latest.lastAt = Math.max(latest.lastAt, at);
    else life.processes.push({ startedAt, firstAt: at, lastAt: at });
  }
}

/** The process that was scraped at a time; undefined if unknown. */
export const processAt = ({ processes }: ProcessLife, at: number): Process | undefined =>
  processes.findLast(({ firstAt, lastAt }) => firstAt <= at && at <= lastAt);

export const lastSeen = ({ processes }: ProcessLife): number | null => processes.at(-1)?.lastAt ?? null;

/**
 * When the processes that ended after `from` were last seen. The newest has ended if it was not seen for longer than
 * `oldestMs`.
 */
export function endsOf({ processes }: ProcessLife, from: number, to: number, oldestMs: number): number[] {
  return processes
    .filter(({ lastAt }, index) => lastAt > from && (index < processes.length - 1 || to - lastAt > oldestMs))
    .map(({ lastAt }) => lastAt);
}
