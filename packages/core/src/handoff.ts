/**
 * A summary of the old conversation that the caller gives to a fresh one. The old conversation itself is not resumed.
 */
export type Handoff = { readonly summary: string };

export const HANDOFF_LIMIT = 100_000;

export type HandoffProblem = 'empty' | 'too-long' | 'not-storable' | 'nothing-replaced';

export function checkHandoff(handoff: Handoff, replaces: boolean): HandoffProblem | undefined {
  if (!replaces) return 'nothing-replaced';
  if (handoff.summary.trim() === '') return 'empty';
  if (handoff.summary.length > HANDOFF_LIMIT) return 'too-long';
  if (handoff.summary.includes('\0') || !handoff.summary.isWellFormed()) return 'not-storable';
  return undefined;
}
