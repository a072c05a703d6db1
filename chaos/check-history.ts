import { checkAnswers } from './checkers/answers.ts';
import type { Checker, Conclusion, Finding } from './checkers/checker.ts';
import { checkContents } from './checkers/contents.ts';
import { checkFences } from './checkers/fences.ts';
import { checkGenerations } from './checkers/generations.ts';
import { checkLeases } from './checkers/leases.ts';
import { checkModels } from './checkers/models.ts';
import { checkProcesses } from './checkers/processes.ts';
import { checkSessions } from './checkers/sessions.ts';
import { checkSlots } from './checkers/slots.ts';
import { checkStreams } from './checkers/streams.ts';
import type { Entry } from './history/operation.ts';

export type CheckedRule = {
  readonly checker: string;
  readonly compared: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
};

export const allCheckers = (leaseMs: number): readonly Checker[] => [
  checkLeases(leaseMs),
  checkFences(),
  checkGenerations(),
  checkModels(),
  checkSessions(),
  checkProcesses(),
  checkContents(),
  checkStreams(),
  checkSlots(),
  checkAnswers(),
];

/** Passes each entry of the history to every checker, then collects their verdicts. */
export async function checkHistory(
  history: AsyncIterable<Entry>,
  end: Conclusion,
  checkers: readonly Checker[],
): Promise<readonly CheckedRule[]> {
  for await (const entry of history) for (const checker of checkers) checker.take(entry);
  return checkers.map((checker) => ({ checker: checker.name, ...checker.conclude(end) }));
}
