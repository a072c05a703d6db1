import type { Operation } from '../history/operation.ts';
import { type Checker, createFindings, ofOperations } from './checker.ts';

/** Codes that are always a defect: a client cannot act on them, whatever was broken at the time. */
const NEVER: ReadonlySet<string> = new Set(['unexpected']);

/**
 * Checks responses: every problem must be allowed for its operation by the contract, and no response may have the code
 * `unexpected`.
 */
export function checkAnswers(): Checker {
  const findings = createFindings();
  let answers = 0;
  const take = (operation: Operation) => {
    const { malformed, code, status, kind } = operation;
    if (status !== undefined || operation.outcome === 'ok') answers += 1;
    if (malformed !== undefined) findings.add('malformed-answer', `${kind}: ${malformed}`, operation);
    if (code !== undefined && status !== undefined && NEVER.has(code))
      findings.add('unforeseen', `${kind}: ${status} ${code}`, operation);
  };
  return {
    name: 'answers',
    take: ofOperations(take),
    conclude: () => ({ compared: { answers }, findings: findings.all() }),
  };
}
