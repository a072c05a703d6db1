import { ALERTS } from '@phaselock/monitoring';
import { type AlertId, alertIdOf, type Episode, type Sighting } from './alerting/watch-alerts.ts';
import type { Fault } from './fault.ts';
import { pace, pacedText } from './pace.ts';

export type MadeFault = {
  readonly fault: Fault;
  readonly madeAt: number;
  /** When the undoing of the fault began, and when it was complete. */
  readonly undoneAt: number;
  readonly overAt: number;
};

/** One episode of an alert, and the fault that was open when its condition began and that is known to fire it. */
export type Credit = {
  readonly id: AlertId;
  readonly severity: string;
  readonly episode: Episode;
  readonly made: MadeFault | undefined;
};

/** An effect of a fault is scraped a second later, recorded by rules another second later, and then evaluated. */
const ARRIVES_WITHIN_SECONDS = 10;
/** The longest range in the expression of an alert without budget windows. */
const LONGEST_RANGE_SECONDS = pace(30 * 60);

/**
 * How long the failures of a fault stay in the range of each budget alert: the length of its short window. Within that
 * time the alert can end and begin again.
 */
const LOOKS_BACK_SECONDS: ReadonlyMap<AlertId, number> = new Map(
  ALERTS.flatMap(({ name, windows }) =>
    windows === null ? [] : [[alertIdOf({ alertname: name, window: windows.long }), pacedText(windows.short)]],
  ),
);

export function creditEpisodes(sightings: readonly Sighting[], made: readonly MadeFault[]): readonly Credit[] {
  return sightings.flatMap(({ id, episodes, alerts }) =>
    episodes.map((episode) => ({
      id,
      severity: alerts[0]?.labels.severity ?? '',
      episode,
      made: causeOf(id, episode, made),
    })),
  );
}

/** Of several open faults, the one that is made for the alert takes precedence over one that may also fire it. */
function causeOf(id: AlertId, { beganAt }: Episode, made: readonly MadeFault[]): MadeFault | undefined {
  const lookBack = LOOKS_BACK_SECONDS.get(id) ?? LONGEST_RANGE_SECONDS;
  const open = made.filter(
    ({ madeAt, overAt }) => beganAt >= madeAt && beganAt <= overAt + ARRIVES_WITHIN_SECONDS + lookBack,
  );
  return open.find(({ fault }) => fault.alerts.includes(id)) ?? open.find(({ fault }) => fault.also?.includes(id));
}

/**
 * One episode for each alert that a fault fired and a listener received: that of the fault made for the alert, else the
 * first.
 */
export function shownCredits(credits: readonly Credit[]): readonly (Credit & { readonly made: MadeFault })[] {
  const told = credits.flatMap((credit) =>
    credit.made !== undefined && credit.episode.toldAt !== undefined ? [{ ...credit, made: credit.made }] : [],
  );
  const byAlert = Map.groupBy(told, ({ id }) => id);
  return [...byAlert].flatMap(
    ([id, ofOne]) => ofOne.find(({ made }) => made.fault.alerts.includes(id)) ?? ofOne.slice(0, 1),
  );
}
