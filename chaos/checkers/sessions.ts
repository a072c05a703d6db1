import type { Operation } from '../history/operation.ts';
import type { FinalSession } from '../read-back.ts';
import { type Checker, createFindings, entryOf, ofOperations } from './checker.ts';

/**
 * Checks sessions and processes: acknowledged ones exist, and existing ones were requested, once under each idempotency
 * key.
 */
export function checkSessions(): Checker {
  const findings = createFindings();
  const claimed = new Map<string, Operation>();
  const begun = new Map<string, Operation>();
  const toldUnder = new Map<string, Operation>();
  const replaced: { readonly old: string; readonly by: string; readonly operation: Operation }[] = [];
  const twice: (readonly [Operation, Operation])[] = [];
  const deletes = new Map<string, Operation[]>();
  /**
   * Keys of requests without a response, by slot, or by task or session for standalone sessions. Each may have created
   * a session or process.
   */
  const unknownStarts = new Map<string, Set<string>>();
  const unknownTurns = new Map<string, Set<string>>();

  const take = (operation: Operation) => {
    const { kind, outcome, told, key, n, session, slot, asked } = operation;
    if (kind === 'delete' && outcome !== 'refused' && session !== undefined)
      entryOf(deletes, session, () => []).push(operation);
    if (kind !== 'start' && kind !== 'turn' && kind !== 'standalone') return;
    if (outcome === 'unknown') {
      const place = slot ?? (kind === 'standalone' ? (asked.parent ?? '') : (session ?? ''));
      entryOf(unknownStarts, place, () => new Set()).add(key ?? String(n));
      if (kind === 'turn') entryOf(unknownTurns, place, () => new Set()).add(key ?? String(n));
    }
    if (outcome !== 'ok' || told?.session === undefined) return;
    if (!claimed.has(told.session)) claimed.set(told.session, operation);
    if (told.process !== undefined && !begun.has(told.process)) begun.set(told.process, operation);
    const old = (told.outcome === 'replaced' ? told.predecessor : told.replaced)?.session;
    if (old !== undefined) replaced.push({ old, by: told.session, operation });
    if (key === undefined) return;
    const first = entryOf(toldUnder, key, () => operation);
    if (first.told?.session !== told.session || first.told.process !== told.process) twice.push([first, operation]);
  };

  const conclude: Checker['conclude'] = ({ final: { sessions, unreadable, before } }) => {
    for (const [first, operation] of twice) {
      // A purged session cannot be returned again for its idempotency key. The campaign purges before keys expire; a
      // real installation would not be configured so.
      const { purgedAt = Infinity } = sessions.get(first.told?.session ?? '') ?? {};
      if (operation.until < purgedAt)
        findings.add('key-twice', `the key ${operation.key} led to two sessions or processes`, first, operation);
    }
    for (const [id, operation] of claimed) {
      const session = sessions.get(id);
      if (unreadable.has(id)) continue;
      if (session === undefined)
        findings.add('session-lost', `session ${id} was acknowledged, but not found`, operation);
      else if (operation.told?.generation !== session.generation)
        findings.add(
          'session-changed',
          `session ${id} has generation ${session.generation}, not the acknowledged one`,
          operation,
        );
    }
    const processes = new Map(
      [...sessions.values()].flatMap((session) => session.processes.map((one) => [one.id, { ...one, session }])),
    );
    for (const [id, operation] of begun) {
      const found = processes.get(id);
      if (unreadable.has(operation.told?.session ?? '')) continue;
      if (found === undefined) findings.add('process-lost', `process ${id} was acknowledged, but not found`, operation);
      else if (
        found.session.id !== operation.told?.session ||
        found.seq !== operation.told.seq ||
        found.attempt !== operation.asked.attempt
      )
        findings.add('process-changed', `process ${id} differs from the acknowledged one`, operation);
      else if (found.passed !== operation.told.passed)
        findings.add(
          'process-changed',
          `process ${id} has the resumed id ${found.passed}, not the acknowledged one`,
          operation,
        );
    }
    for (const { old, by, operation } of replaced) {
      const session = sessions.get(old);
      if (unreadable.has(old)) continue;
      if (session === undefined || !session.deleted || session.replacedBy !== by)
        findings.add('replace-lost', `session ${old} was replaced by ${by}, but does not name it`, operation);
    }
    for (const [id, operations] of deletes)
      if (operations.some(({ outcome }) => outcome === 'ok') && sessions.get(id)?.deleted === false)
        findings.add('delete-lost', `session ${id} was deleted, but is live`, ...operations);
    const isStranger = ({ id }: FinalSession) => !claimed.has(id) && !before.sessions.has(id);
    lookForStrangers(sessions.values(), isStranger, unknownStarts, 'session-invented');
    lookForStrangers(processes.values(), (one) => !begun.has(one.id), unknownTurns, 'process-invented');
    for (const session of sessions.values()) {
      if (!session.deleted || session.replacedBy !== null || deletes.has(session.id)) continue;
      findings.add('deleted-by-nobody', `session ${session.id} is deleted, but no client deleted it`);
    }
    return {
      compared: {
        'sessions acknowledged': claimed.size,
        'processes acknowledged': begun.size,
        'replacements acknowledged': replaced.length,
        'deletions acknowledged': deletes.size,
        'sessions found': sessions.size,
      },
      findings: findings.all(),
    };
  };

  type Found = FinalSession | { readonly id: string; readonly session: FinalSession };
  const lookForStrangers = <One extends Found>(
    found: Iterable<One>,
    strange: (one: One) => boolean,
    unknown: ReadonlyMap<string, ReadonlySet<string>>,
    rule: string,
  ) => {
    const places = new Map<string, string[]>();
    for (const one of found) if (strange(one)) entryOf(places, placeOf(one), () => []).push(one.id);
    for (const [place, ids] of places) {
      const most = unknown.get(place)?.size ?? 0;
      if (ids.length > most)
        findings.add(rule, `${place}: no response names ${ids.join(', ')}, and only ${most} requests had no response`);
    }
  };
  return { name: 'sessions', take: ofOperations(take), conclude };
}

function placeOf(one: FinalSession | { readonly id: string; readonly session: FinalSession }): string {
  if ('slot' in one) return one.standalone ? (one.slot.split('/')[0] ?? '') : one.slot;
  return one.session.standalone ? one.session.id : one.session.slot;
}
