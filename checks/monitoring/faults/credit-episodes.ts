import type { AlertId, Episode, Sighting } from './alerting/watch-alerts.ts';
import type { Fault } from './fault.ts';

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
  const open = made.filter(({ madeAt, overAt }) => beganAt >= madeAt && beganAt <= overAt + ARRIVES_WITHIN_SECONDS);
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
