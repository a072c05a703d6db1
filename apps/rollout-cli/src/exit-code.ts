/** A usage error, a refusal, a rollout held by another, a database that does not answer: nothing was decided, so all of them are 4. */
export const EXIT = { pass: 0, fail: 2, inconclusive: 3, error: 4, interrupted: 130 } as const;

export type Outcome = 'pass' | 'fail' | 'inconclusive' | 'error';
