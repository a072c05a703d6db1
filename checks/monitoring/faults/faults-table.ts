import { markdownTable } from '@phaselock/monitoring';
import { creditEpisodes, shownCredits } from './credit-episodes.ts';
import { ALWAYS } from './lanes.ts';
import type { RunOfFaults } from './run-faults.ts';

/** A table with one row for each alert that a fault fired, with the times since that fault was made. */
export function faultsTable({ made, sightings }: Pick<RunOfFaults, 'made' | 'sightings'>): string {
  const shown = shownCredits(creditEpisodes(sightings, made));
  const rows = made.flatMap((one) =>
    shown
      .filter(({ made: cause }) => cause === one)
      .map(({ id, severity, episode }) => [
        `\`${id}\``,
        severity,
        one.fault.name,
        after(episode.firingSince, one.madeAt),
        after(episode.toldAt, one.madeAt),
        after(episode.resolvedAt, one.undoneAt),
      ]),
  );
  const watchdog = sightings
    .filter(({ id }) => ALWAYS.includes(id))
    .map(({ id }) => [`\`${id}\``, 'none', 'none: it always fires', '', '', '']);
  const head = ['alert', 'severity', 'fault', 'fired after', 'notified after', 'resolved after the fault was undone'];
  return markdownTable(head, [...rows, ...watchdog]);
}

function after(at: number | undefined, since: number): string {
  if (at === undefined) return 'not';
  // A fault with several alerts is undone when all have fired. By then, one of them may already be resolved.
  return at < since ? 'before' : `${(at - since).toFixed(0)} s`;
}
