import { logBinomialDensity } from './binomial-density.ts';

export type Group = { readonly failures: number; readonly n: number };

const NEGLIGIBLE = 1e-17;

/**
 * Fisher's exact test, one-sided: how likely it is that chance puts as many of all failures into the treatment, or more, when both groups are
 * alike. Null when a group is empty.
 */
export function worseThanControl(treatment: Group, control: Group): number | null {
  if (treatment.n === 0 || control.n === 0) return null;
  const failures = treatment.failures + control.failures;
  const all = treatment.n + control.n;
  const least = Math.max(0, failures - control.n);
  const most = Math.min(failures, treatment.n);
  if (treatment.failures <= least) return 1;
  if (failures === all) return 1;
  const share = treatment.n / all;
  const density = (x: number): number =>
    Math.exp(
      logBinomialDensity(x, failures, share, 1 - share) +
        logBinomialDensity(treatment.n - x, all - failures, share, 1 - share) -
        logBinomialDensity(treatment.n, all, share, 1 - share),
    );
  /** P(X = x + 1) / P(X = x) */
  const up = (x: number): number => ((failures - x) * (treatment.n - x)) / ((x + 1) * (control.n - failures + x + 1));
  // Summed away from the middle, so that terms fall and the sum can end.
  if (treatment.failures > failures * share) {
    let term = density(treatment.failures);
    let sum = term;
    for (let x = treatment.failures; x < most && term > sum * NEGLIGIBLE; x += 1) {
      term *= up(x);
      sum += term;
    }
    return Math.min(1, sum);
  }
  let term = density(treatment.failures - 1);
  let sum = term;
  for (let x = treatment.failures - 1; x > least && term > sum * NEGLIGIBLE; x -= 1) {
    term /= up(x - 1);
    sum += term;
  }
  return Math.max(0, 1 - sum);
}
