import type { Judging } from './judging.ts';
import type { Operation } from './operations.ts';
import { at, listAt, numberAt, textAt } from './read.ts';
import type { Seen } from './seen.ts';

/**
 * Promise 1: no response is a server error, and each refusal is a problem document with a code documented for the
 * operation.
 */
export function judgeAnswer({ book, operations }: Judging, seen: Seen): void {
  const { step, status, text } = seen;
  const requestId = textAt(seen.answer, 'requestId') ?? seen.path;
  const wrong = (promise: string, what: string): void =>
    book.complain({ promise: `1 ${promise} ${seen.operation}`, step, what, about: [requestId] });
  const operation = operations.named(seen.operation);
  if (status >= 500) {
    wrong(`5xx ${status}`, `${status} ${text.slice(0, 500)}`);
  } else if (status < 400) {
    if (!operation.successes.has(status)) wrong('undocumented status', `${status} is not in the document`);
    if (seen.operation === 'startMany') judgeItems(operations.named('startSession'), seen, wrong);
  } else {
    const flaw = flawOf(operation, status, seen.answer);
    if (flaw !== undefined) wrong(flaw, `${status} ${text.slice(0, 500)}`);
  }
}

function flawOf({ codes }: Operation, status: number, problem: unknown): string | undefined {
  const code = textAt(problem, 'code');
  if (code === undefined) return 'no problem document';
  if (numberAt(problem, 'status') !== status) return 'problem of another status';
  if (textAt(problem, 'requestId') === undefined || textAt(problem, 'title') === undefined) return 'incomplete problem';
  return codes.get(status)?.has(code) === true ? undefined : `undocumented code ${status} ${code}`;
}

/** Each item of a bulk start is refused in the same way as a single start. */
function judgeItems(start: Operation, seen: Seen, wrong: (promise: string, what: string) => void): void {
  const results = listAt(seen.answer, 'results');
  const asked = listAt(seen.asking.body, 'items').length;
  if (results.length !== asked) wrong('results', `${results.length} results of ${asked} items`);
  for (const result of results) {
    const status = numberAt(result, 'status') ?? 0;
    const problem = at(result, 'problem');
    if (status >= 500) wrong(`5xx ${status} of an item`, JSON.stringify(problem));
    const flaw = status < 400 ? undefined : flawOf(start, status, problem);
    if (flaw !== undefined) wrong(`${flaw} of an item`, JSON.stringify(problem));
  }
}
