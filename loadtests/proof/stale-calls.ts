import { type Checker, createFindings, ofOperations } from '../../chaos/checkers/checker.ts';
import { createFirstTries } from '../../chaos/checkers/first-tries.ts';
import type { Operation } from '../../chaos/history/operation.ts';

/**
 * Checks that no accepted call names a generation that was superseded before the call was sent, or before its first
 * attempt if it was repeated. Superseded means that a client had received the acknowledgement of the replacement or
 * deletion. A start may still return the existing session, because that writes nothing.
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
          `a turn of session ${turn.session} was accepted after the session was replaced or deleted`,
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
          `a replacement was done although the confirmed session had been replaced or deleted`,
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
