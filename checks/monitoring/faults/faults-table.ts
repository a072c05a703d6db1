import { markdownTable } from '@phaselock/monitoring';
import { ALWAYS } from './lanes.ts';
import type { RunOfFaults } from './run-faults.ts';

/** One line for each alert that a fault was made for. */
export function faultsTable({ made, sightings }: RunOfFaults): string {
  const rows = made.flatMap(({ fault, madeAt, undoneAt }) =>
    fault.alerts.map((id) => {
      const sighting = sightings.find((one) => one.id === id);
      const episode = sighting?.episodes.find(
        ({ lastFiringAt, toldAt }) => lastFiringAt >= madeAt && toldAt !== undefined,
      );
      return [
        `\`${id}\``,
        sighting?.alerts[0]?.labels.severity ?? '',
        fault.name,
        after(episode?.firingSince, madeAt),
        after(episode?.toldAt, madeAt),
        after(episode?.resolvedAt, undoneAt),
      ];
    }),
  );
  const watchdog = sightings
    .filter(({ id }) => ALWAYS.includes(id))
    .map(({ id }) => [`\`${id}\``, 'none', 'nothing: it always fires', '', '', '']);
  const head = ['alert', 'severity', 'fault', 'fired after', 'told after', 'resolved after the fault was undone'];
  return markdownTable(head, [...rows, ...watchdog]);
}

const after = (at: number | undefined, since: number): string =>
  at === undefined ? 'not' : `${Math.max(0, at - since).toFixed(0)} s`;
