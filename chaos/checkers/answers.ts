import type { Operation } from '../history/operation.ts';
import { type Checker, createFindings, ofOperations } from './checker.ts';

/** A 5xx that says nothing a client can act on is a fault, whatever was broken at the time. */
const NEVER: ReadonlySet<string> = new Set(['unexpected']);

/** Each problem is one of the catalogue and of the operation, and no failure is one nobody foresaw. */
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
