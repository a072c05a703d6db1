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

export function foldLife(life: ProcessLife, samples: readonly Sample[], { from, longestGapMs }: Window): void {
  for (const { at, value } of samples) {
    // What is not a time tells of no process; it is seen as a gap.
    if (!Number.isFinite(value) || value <= 0) continue;
    const startedAt = value * 1_000;
    const latest = life.processes.at(-1);
    if (at <= from && from - at <= longestGapMs) life.atStart = true;
    if (latest !== undefined && at > from) {
      const gap = at - latest.lastAt;
      life.longestGapMs = Math.max(life.longestGapMs, gap);
      if (gap > longestGapMs) life.gapEndedAt = at;
    }
    // Where a process is there twice, its samples are not in order; what is wrong then is told of its series.
    if (latest?.startedAt === startedAt) latest.lastAt = Math.max(latest.lastAt, at);
    else life.processes.push({ startedAt, firstAt: at, lastAt: at });
  }
}

/** The process that was scraped at a time; undefined where it was not told. */
export const processAt = ({ processes }: ProcessLife, at: number): Process | undefined =>
  processes.findLast(({ firstAt, lastAt }) => firstAt <= at && at <= lastAt);

export const lastSeen = ({ processes }: ProcessLife): number | null => processes.at(-1)?.lastAt ?? null;

/** When the processes that ended after `from` were last seen. The newest has ended when it was not seen for longer than `oldestMs`. */
export function endsOf({ processes }: ProcessLife, from: number, to: number, oldestMs: number): number[] {
  return processes
    .filter(({ lastAt }, index) => lastAt > from && (index < processes.length - 1 || to - lastAt > oldestMs))
    .map(({ lastAt }) => lastAt);
}
