import { Gauge, type Registry } from 'prom-client';
import { ARCHIVE_STANDING_GAUGES, LAST_RUN_OUTCOME, RUN_OUTCOMES, type RunOutcome } from './archive-metrics.ts';
import { knownGauge } from './known-gauge.ts';

/** The state of the archive and its runs in the database, including runs of other workers. */
export type ArchiveStanding = {
  readonly backlog: number;
  /** How long the oldest due session has been due. */
  readonly oldestDueSeconds: number | undefined;
  readonly deadLetters: number;
  readonly tasksToChain: number;
  readonly lastSuccess: Date | undefined;
  readonly oldestUnfinishedStart: Date | undefined;
  readonly lastStart: Date | undefined;
  readonly lastEnd: Date | undefined;
  readonly lastOutcome: RunOutcome | undefined;
};

export function archiveStandingGauges(registry: Registry): (standing: ArchiveStanding | undefined) => void {
  const gauges = ARCHIVE_STANDING_GAUGES;
  const backlog = knownGauge(registry, gauges.backlog);
  const oldestDue = knownGauge(registry, gauges.oldestDue);
  const deadLetters = knownGauge(registry, gauges.deadLetters);
  const tasksToChain = knownGauge(registry, gauges.tasksToChain);
  const lastSuccess = knownGauge(registry, gauges.lastSuccess);
  const lastRunStart = knownGauge(registry, gauges.lastRunStart);
  const lastRunEnd = knownGauge(registry, gauges.lastRunEnd);
  const oldestUnfinished = knownGauge(registry, gauges.oldestUnfinished);
  const lastOutcome = new Gauge({ ...LAST_RUN_OUTCOME, labelNames: ['outcome'], registers: [registry] });
  return (standing) => {
    backlog(standing?.backlog);
    oldestDue(standing?.oldestDueSeconds);
    deadLetters(standing?.deadLetters);
    tasksToChain(standing?.tasksToChain);
    lastSuccess(seconds(standing?.lastSuccess));
    lastRunStart(seconds(standing?.lastStart));
    lastRunEnd(seconds(standing?.lastEnd));
    oldestUnfinished(seconds(standing?.oldestUnfinishedStart));
    lastOutcome.reset();
    const held = standing?.lastOutcome;
    if (held === undefined) return;
    for (const outcome of RUN_OUTCOMES) lastOutcome.set({ outcome }, outcome === held ? 1 : 0);
  };
}

const seconds = (at: Date | undefined): number | undefined => (at === undefined ? undefined : at.getTime() / 1_000);
