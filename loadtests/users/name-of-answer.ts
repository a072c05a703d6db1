import type { OperationName } from '../journal/journal-line.ts';

const QUESTIONS: ReadonlySet<string> = new Set(['replace_confirmation_required', 'keep_or_replace_required']);

/** Names a call by its response, because only the response shows whether a start is a question. */
export function nameOfAnswer(meant: OperationName, done: boolean, code: string | undefined): OperationName {
  if (meant !== 'start' && meant !== 'question') return meant;
  if (done) return 'start';
  return code !== undefined && QUESTIONS.has(code) ? 'question' : meant;
}
