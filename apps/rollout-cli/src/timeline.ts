import type { FlagChangeRow, RolloutStepRow, RolloutVerdictRow } from '@phaselock/store';
import type { History } from './report.ts';

export type Entry =
  | { readonly kind: 'change'; readonly row: FlagChangeRow }
  | { readonly kind: 'verdict'; readonly row: RolloutVerdictRow }
  | { readonly kind: 'step'; readonly row: RolloutStepRow };

/** The order of entries of one transaction, which have the same time: the flag change, the verdict, then the step. */
const ORDER = { change: 0, verdict: 1, step: 2 } as const satisfies Record<Entry['kind'], number>;

/** Merges the entries, oldest first. */
export function timelineOf({ steps, verdicts, changes }: Omit<History, 'leftOut'>): Entry[] {
  const entries: Entry[] = [
    ...changes.map((row) => ({ kind: 'change' as const, row })),
    ...verdicts.map((row) => ({ kind: 'verdict' as const, row })),
    ...steps.map((row) => ({ kind: 'step' as const, row })),
  ];
  return entries.toSorted(
    (a, b) => a.row.at.getTime() - b.row.at.getTime() || ORDER[a.kind] - ORDER[b.kind] || a.row.id - b.row.id,
  );
}
