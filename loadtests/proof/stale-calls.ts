import { type Checker, createFindings, ofOperations } from '../../chaos/checkers/checker.ts';
import { createFirstTries } from '../../chaos/checkers/first-tries.ts';
import type { Operation } from '../../chaos/history/operation.ts';

/**
 * Calls that name a generation which was superseded before they were sent: none may be taken. Counted by what clients saw: a replacement or a
 * deletion that was acknowledged before the call left, or the first try of it whose answer was lost. A start may still be answered with what is there, as it then takes nothing from a fence.
 */
export function checkStaleCalls(): Checker {
  const findings = createFindings();
  const leftAt = new Map<string, { readonly until: number; readonly operation: Operation }>();
  const turns: Operation[] = [];
  const replaces: Operation[] = [];
  const tries = createFirstTries();
  const note = (session: string | undefined, operation: Operation) => {
    const known = session === undefined ? undefined : leftAt.get(session);
    if (session !== undefined && (known === undefined || operation.until < known.until))
      leftAt.set(session, { until: operation.until, operation });
  };
  const take = (operation: Operation) => {
    const { kind, outcome, told, session, asked } = operation;
    if (outcome === 'ok') {
      if (kind === 'start' && told?.outcome === 'replaced') note(told.predecessor?.session, operation);
      if (kind === 'turn') note(told?.replaced?.session, operation);
      if (kind === 'delete') note(session, operation);
    }
    tries.note(operation);
    if (outcome === 'unknown') return;
    if (kind === 'turn') turns.push(operation);
    if (kind === 'start' && typeof asked.confirm === 'object') replaces.push(operation);
  };
  const conclude = () => {
    let staleTurns = 0;
    let staleReplaces = 0;
    for (const turn of turns) {
      const left = leftAt.get(turn.session ?? '');
      if (left === undefined || tries.earliestOf(turn) <= left.until) continue;
      staleTurns += 1;
      if (turn.outcome === 'ok')
        findings.add(
          'stale-turn-accepted',
          `a turn of session ${turn.session} was taken after it had left its slot`,
          left.operation,
          turn,
        );
    }
    for (const replace of replaces) {
      const { confirm } = replace.asked;
      const left = typeof confirm === 'object' ? leftAt.get(confirm.session) : undefined;
      if (left === undefined || tries.earliestOf(replace) <= left.until) continue;
      staleReplaces += 1;
      if (replace.outcome === 'ok' && replace.told?.outcome === 'replaced')
        findings.add(
          'stale-replace-accepted',
          `a replacement that was confirmed for a session which had left its slot was done`,
          left.operation,
          replace,
        );
    }
    return {
      compared: { 'turns of an older generation': staleTurns, 'confirmations of an older generation': staleReplaces },
      findings: findings.all(),
    };
  };
  return { name: 'stale generations', take: ofOperations(take), conclude };
}
