/**
 * Exit codes by outcome. `fail`: a gate failed, or the rollout was aborted or killed. `inconclusive`: nothing was
 * promoted, for example because the evidence is not sufficient yet. `error`: nothing was decided, because of a usage
 * error, a refused command, a lease held by another process, or an unavailable database. `interrupted`: a signal.
 */
export const EXIT = { pass: 0, fail: 2, inconclusive: 3, error: 4, interrupted: 130 } as const;

export type Outcome = 'pass' | 'fail' | 'inconclusive' | 'error';
