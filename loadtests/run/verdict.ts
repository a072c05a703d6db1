type Judged = { readonly findings: readonly string[]; readonly misses: readonly string[]; readonly k6Exit: number };
type Verdict = { readonly exitCode: 0 | 2 | 3; readonly told: string };

/** A run that lost something failed however fast it was; one that was only slow is another matter. */
export function verdictOf({ findings, misses, k6Exit }: Judged): Verdict {
  if (findings.length > 0) return { exitCode: 2, told: `The proof failed: ${findings.length} findings.` };
  if (misses.length > 0) return { exitCode: 3, told: `Nothing was lost, and ${misses.length} limits were missed.` };
  if (k6Exit !== 0) return { exitCode: 3, told: 'Nothing was lost, and a threshold of k6 was missed: see k6.log.' };
  return { exitCode: 0, told: 'All held.' };
}
