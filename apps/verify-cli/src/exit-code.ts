import type { Severity } from '@phaselock/audit';

export const EXIT = {
  ok: 0,
  incomplete: 1,
  findings: 2,
  notFound: 3,
  otherSchema: 4,
  usage: 64,
  interrupted: 130,
  terminated: 143,
} as const;

const WEIGHT: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2 };

export type Counted = Readonly<Record<Severity, number>>;

/** An incomplete audit exits with 1 even if it has findings, because an incomplete result is not conclusive. */
export function exitCodeOf(
  counted: Counted,
  { failOn, complete, leftOut }: { readonly failOn: Severity; readonly complete: boolean; readonly leftOut: boolean },
): number {
  if (!complete) return EXIT.incomplete;
  const severities: readonly Severity[] = ['info', 'warning', 'error'];
  const found = severities.some((severity) => WEIGHT[severity] >= WEIGHT[failOn] && counted[severity] > 0);
  // Findings that --max-findings left out may fail the audit as well.
  return found || leftOut ? EXIT.findings : EXIT.ok;
}
