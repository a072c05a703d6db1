import { type CheckedRule, checkHistory } from '../../chaos/check-history.ts';
import type { Checker } from '../../chaos/checkers/checker.ts';
import { checkContents } from '../../chaos/checkers/contents.ts';
import { checkFences } from '../../chaos/checkers/fences.ts';
import { checkGenerations } from '../../chaos/checkers/generations.ts';
import { checkLeases } from '../../chaos/checkers/leases.ts';
import { checkModels } from '../../chaos/checkers/models.ts';
import { checkProcesses } from '../../chaos/checkers/processes.ts';
import { checkSessions } from '../../chaos/checkers/sessions.ts';
import { checkSlots } from '../../chaos/checkers/slots.ts';
import type { Operation } from '../../chaos/history/operation.ts';
import type { Final } from '../../chaos/read-back.ts';
import { readLines } from './read-lines.ts';
import type { Part } from './split-journal.ts';
import { checkStaleCalls } from './stale-calls.ts';

/** The checkers whose rules concern one task at a time. */
const checkersOfTasks = (leaseMs: number): readonly Checker[] => [
  checkLeases(leaseMs),
  checkFences(),
  checkStaleCalls(),
  checkGenerations(),
  checkModels(),
  checkSessions(),
  checkProcesses(),
  checkContents(),
  checkSlots(),
];

export async function judgePart({ file }: Part, final: Final, leaseMs: number): Promise<readonly CheckedRule[]> {
  const history = async function* () {
    // splitJournal only writes valid calls.
    for await (const { text } of readLines(file).entries) {
      const operation: Operation = JSON.parse(text);
      yield operation;
    }
  };
  return await checkHistory(history(), { final, changes: new Map() }, checkersOfTasks(leaseMs));
}
