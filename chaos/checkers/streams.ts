import type { Operation, Received } from '../history/operation.ts';
import { type Checker, createFindings, entryOf } from './checker.ts';

/**
 * Checks change streams: each follower receives each change once and in order over all its connections, and every
 * acknowledged change is among them.
 */
export function checkStreams(): Checker {
  const findings = createFindings();
  const byFollower = new Map<string, Received[]>();
  const processes = new Map<string, Map<string, Operation>>();
  const deleted = new Map<string, Operation>();
  const take: Checker['take'] = (entry) => {
    if (entry.is === 'change') {
      entryOf(byFollower, entry.follower, () => []).push(entry);
      return;
    }
    if (entry.is !== 'operation') return;
    const { kind, outcome, told, session } = entry;
    if (outcome !== 'ok') return;
    if (kind === 'turn' && told?.session !== undefined && told.process !== undefined)
      entryOf(processes, told.session, () => new Map()).set(told.process, entry);
    if (kind === 'delete' && session !== undefined) deleted.set(session, entry);
  };

  const conclude: Checker['conclude'] = ({ final, changes }) => {
    let events = 0;
    let reconnects = 0;
    const typesOf = new Map<string, string[]>();
    const told = new Set<string>();
    for (const [name, received] of byFollower) {
      const project = received[0]?.project ?? '';
      events += received.length;
      reconnects += received.at(-1)?.connection ?? 0;
      compareOrder(name, received, changes.get(project) ?? []);
      if (told.has(project)) continue;
      told.add(project);
      for (const { session, type } of received) entryOf(typesOf, session, () => []).push(type);
    }
    let ofSessions = 0;
    for (const session of final.sessions.values()) {
      if (final.before.sessions.has(session.id)) continue;
      ofSessions += 1;
      const types = typesOf.get(session.id) ?? [];
      const kept = session.events.map(({ type }) => type);
      // The archive of a purged session may lack its last events.
      const same =
        session.purgedAt !== undefined ? kept.every((type, at) => type === types[at]) : kept.join() === types.join();
      if (!same)
        findings.add(
          'other-events',
          `session ${session.id} has the events ${kept.join()}, but the stream had ${types.join()}`,
        );
    }
    let acknowledged = 0;
    for (const [session, begun] of processes) {
      acknowledged += begun.size;
      const started = (typesOf.get(session) ?? []).filter((type) => type === 'turn-started').length;
      if (started < begun.size)
        findings.add(
          'change-missing',
          `session ${session}: ${begun.size} acknowledged turns, but ${started} turn-started changes`,
          ...begun.values(),
        );
    }
    for (const [session, operation] of deleted) {
      acknowledged += 1;
      const types = typesOf.get(session) ?? [];
      if (!types.includes('deleted') && (final.sessions.get(session)?.replacedBy ?? null) === null)
        findings.add(
          'change-missing',
          `session ${session} was deleted, but its changes are ${types.join()}`,
          operation,
        );
    }
    return {
      compared: {
        'changes received': events,
        'connections after the first': reconnects,
        'sessions whose events were compared': ofSessions,
        'acknowledged changes looked for': acknowledged,
      },
      findings: findings.all(),
    };
  };

  const compareOrder = (name: string, received: readonly Received[], places: readonly string[]) => {
    const seen = new Set<string>();
    for (const { id, connection } of received) {
      if (seen.has(id))
        findings.add('change-twice', `follower ${name} received ${id} twice, again on connection ${connection}`);
      seen.add(id);
    }
    const missing = places.filter((place) => !seen.has(place));
    if (missing.length > 0)
      findings.add('change-lost', `follower ${name} never received ${missing.length} changes, first ${missing[0]}`);
    const order = new Map(places.map((place, at) => [place, at]));
    let before = -1;
    for (const { id, connection } of received) {
      const at = order.get(id);
      if (at === undefined)
        findings.add('change-invented', `follower ${name} received ${id}, which is not among the changes`);
      else if (at < before)
        findings.add(
          'change-order',
          `follower ${name} received ${id} after a later change, on connection ${connection}`,
        );
      before = Math.max(before, at ?? before);
    }
  };
  return { name: 'streams', take, conclude };
}
