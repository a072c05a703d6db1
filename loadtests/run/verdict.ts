type Judged = { readonly findings: readonly string[]; readonly misses: readonly string[]; readonly k6Exit: number };
type Verdict = { readonly exitCode: 0 | 2 | 3; readonly told: string };

/** Exit code and message of a run. Findings of the proof take precedence over missed limits. */
export function verdictOf({ findings, misses, k6Exit }: Judged): Verdict {
  if (findings.length > 0) return { exitCode: 2, told: `The proof failed: ${findings.length} findings.` };
  if (misses.length > 0) return { exitCode: 3, told: `The proof passed, but ${misses.length} limits were missed.` };
  if (k6Exit !== 0) return { exitCode: 3, told: 'The proof passed, but a k6 threshold was missed: see k6.log.' };
  return { exitCode: 0, told: 'The proof passed and every limit was kept.' };
}
