import type { ComparisonReason, ModelComparison, Verdict } from './model-comparison.ts';

const SEVERITY: Readonly<Record<Verdict, number>> = { same: 0, minor: 1, unknown: 2, changed: 3 };

/** How much one difference alone would mean. */
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
 * The worst reason wins. `changed` is above `unknown`: one certain difference is enough, whatever else cannot be told.
 * `unknown` is above `minor`: what cannot be told may hide a change, and a small difference that can be told says nothing about it.
 */
export function comparisonOf(reasons: readonly ComparisonReason[]): ModelComparison {
  let verdict: Verdict = 'same';
  for (const reason of reasons) {
    const one = verdictOf(reason);
    if (SEVERITY[one] > SEVERITY[verdict]) verdict = one;
  }
  return { verdict, reasons };
}
