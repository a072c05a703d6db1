import { wrapped } from '@phaselock/core';
import type { Report } from '../report.ts';
import { table } from './table.ts';
import { lasting } from './times.ts';

/** One sentence for each stage, and a table with the time that each gate takes. */
export function planLines({ overMs, stages }: NonNullable<Report['plan']>): string[] {
  const rows = stages.flatMap(({ stage, percent, gates }) =>
    gates.map(({ gate, events, needed, perHour, takesMs }) => [
      `${stage} (${percent} %)`,
      gate,
      `${needed} ${events}`,
      perHour.toFixed(1),
      lasting(takesMs),
    ]),
  );
  return [
    `by the traffic of the last ${lasting(overMs)}:`,
    ...stages.flatMap(({ sentence }) => wrapped(sentence, '  ')),
    '',
    ...table([['stage', 'gate', 'needs', 'an hour', 'takes'], ...rows], { right: [3] }),
  ];
}
