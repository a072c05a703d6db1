import { logBinomialDensity } from './binomial-density.ts';

export type Group = { readonly failures: number; readonly n: number };

const NEGLIGIBLE = 1e-17;

/**
 * Fisher's exact test, one-sided: the probability that chance puts at least as many of all failures into the treatment
 * if both groups are alike. Null if a group is empty.
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
  // The sum starts in the middle, so that its terms decrease and it can stop early.
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
