import type { FinalSession } from './final-state.ts';
import type { Judging } from './judging.ts';
import { successorOf } from './memory.ts';

/** Promises 4 and 7: each acknowledged line is stored exactly once, and no other line is. */
export function judgeLogs({ book, memory }: Judging, sessions: readonly FinalSession[]): void {
  const found = new Map(sessions.map(({ id, logs }) => [id, countsOf(logs)]));
  const acknowledged = Map.groupBy(memory.appends, ({ sessionId, lines }) => `${sessionId} ${lines.join('\n')}`);
  for (const appends of acknowledged.values()) {
    const [append] = appends;
    if (append === undefined) continue;
    const { sessionId, processId, step, lines } = append;
    const taken = appends.filter(({ status }) => status === 200);
    // Equal lines sent without a key count separately; under one Idempotency-Key they count once.
    const wanted = new Set(taken.map(({ key }, index) => key ?? index)).size;
    const counts = lines.map((line) => found.get(sessionId)?.get(line) ?? 0);
    const about = [sessionId, processId];
    if (counts.some((count) => count !== wanted))
      book.complain({
        promise:
          wanted === 0
            ? '7 refused lines are kept'
            : counts.includes(0)
              ? '7 lines are lost'
              : '7 lines are duplicated',
        ...{ step, about },
        what: `${lines.join(' | ')}: ${counts.join(', ')} times, not ${wanted}`,
      });
    const process = memory.processes.get(processId);
    const late = appends.find(({ sent }) => process !== undefined && successorOf(memory, process, sent) !== undefined);
    if (late !== undefined && late === append && counts.some((count) => count > 0))
      book.complain({ promise: '4 late lines are kept', ...{ step, about }, what: lines.join(' | ') });
  }
}

function countsOf(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}
