import type { AlertId, Episode, Sighting } from './alerting/watch-alerts.ts';
import type { Fault } from './fault.ts';

export type MadeFault = {
  readonly fault: Fault;
  readonly madeAt: number;
  /** When it began to be put right, and when everything was right again. */
  readonly undoneAt: number;
  readonly overAt: number;
};

/** One time an alert fired, with the fault that was open when its condition began to hold and that is known to fire it. */
export type Credit = {
  readonly id: AlertId;
  readonly severity: string;
  readonly episode: Episode;
  readonly made: MadeFault | undefined;
};

/** What a fault has counted is scraped a second later, recorded by rules another second later, and then judged. */
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

/** Of several open faults, the one that is made for the alert comes before one that only fires it as well. */
function causeOf(id: AlertId, { beganAt }: Episode, made: readonly MadeFault[]): MadeFault | undefined {
  const open = made.filter(({ madeAt, overAt }) => beganAt >= madeAt && beganAt <= overAt + ARRIVES_WITHIN_SECONDS);
  return open.find(({ fault }) => fault.alerts.includes(id)) ?? open.find(({ fault }) => fault.also?.includes(id));
}

/** Of each alert that a fault fired and a listener was told of, the time that shows most: that of the fault made for it, else the first. */
export function shownCredits(credits: readonly Credit[]): readonly (Credit & { readonly made: MadeFault })[] {
  const told = credits.flatMap((credit) =>
    credit.made !== undefined && credit.episode.toldAt !== undefined ? [{ ...credit, made: credit.made }] : [],
  );
  const byAlert = Map.groupBy(told, ({ id }) => id);
  return [...byAlert].flatMap(
    ([id, ofOne]) => ofOne.find(({ made }) => made.fault.alerts.includes(id)) ?? ofOne.slice(0, 1),
  );
}
