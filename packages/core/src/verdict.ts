import type { ComparisonReason, ModelComparison, Verdict } from './model-comparison.ts';

const SEVERITY: Readonly<Record<Verdict, number>> = { same: 0, minor: 1, unknown: 2, changed: 3 };

/** The verdict for a single difference. */
function verdictOf(reason: ComparisonReason): Verdict {
  switch (reason.field) {
    case 'agent':
    case 'family':
    case 'major-version':
    case 'model':
    case 'variant':
      return 'changed';
    case 'unresolved':
      return 'unknown';
    case 'minor-version':
    case 'release':
      return 'minor';
    case 'parameter':
      return reason.critical ? 'changed' : 'minor';
    default:
      return reason satisfies never;
  }
}

/**
 * The most severe reason sets the verdict. `changed` outranks `unknown`, because one certain change is enough.
 * `unknown` outranks `minor`, because an undecidable difference may hide a change.
 */
export function comparisonOf(reasons: readonly ComparisonReason[]): ModelComparison {
  let verdict: Verdict = 'same';
  for (const reason of reasons) {
    const one = verdictOf(reason);
    if (SEVERITY[one] > SEVERITY[verdict]) verdict = one;
  }
  return { verdict, reasons };
}
