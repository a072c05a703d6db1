/**
 * Exit codes. Usage errors, refusals, a lease held by another process and an unavailable database are all 4, because
 * nothing was decided.
 */
export const EXIT = { pass: 0, fail: 2, inconclusive: 3, error: 4, interrupted: 130 } as const;

export type Outcome = 'pass' | 'fail' | 'inconclusive' | 'error';
