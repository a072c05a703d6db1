import type { Operation } from '../history/operation.ts';
import type { FinalSession } from '../read-back.ts';
import { type Checker, createFindings, entryOf, ofOperations } from './checker.ts';
import { createFirstTries, type FirstTries } from './first-tries.ts';
import { linearize, type Timed } from './linearize.ts';
import { SLOT_MODEL, type SlotAct } from './slot-model.ts';

type SlotTimed = Timed<SlotAct> & { readonly operation: Operation | undefined };

/**
 * Checks that the history of each slot is linearizable. Responses from snapshots are left out, because the contract
 * allows them to be outdated.
 */
export function checkSlots(): Checker {
  const findings = createFindings();
  const tries = createFirstTries();
  const bySlot = new Map<string, Operation[]>();
  const take = (operation: Operation) => {
    tries.note(operation);
    if (operation.slot !== undefined) entryOf(bySlot, operation.slot, () => []).push(operation);
  };
  const conclude: Checker['conclude'] = ({ final }) => {
    const sessions = Map.groupBy(final.sessions.values(), ({ slot }) => slot);
    let operations = 0;
    let orders = 0;
    for (const [slot, ofSlot] of bySlot) {
      const timed = timedOf(ofSlot, sessions.get(slot) ?? [], final.before.sessions, tries);
      operations += timed.length;
      const result = linearize({ ...SLOT_MODEL, initial: final.before.slots.get(slot) ?? SLOT_MODEL.initial }, timed);
      if (result.ok) {
        orders += result.states;
        continue;
      }
      const { at } = result;
      const operation = timed.find((one) => one === at)?.operation;
      const overlapping = timed.filter((one) => one.at < at.until && one.until > at.at && one !== at);
      findings.add(
        'no-order',
        `${slot}: no order of the operations explains ${JSON.stringify(at.act)}, answered at ${at.until}`,
        ...[operation, ...overlapping.map((one) => one.operation)].flatMap((one) => (one === undefined ? [] : [one])),
      );
    }
    return {
      compared: { 'operations put in order': operations, 'states looked at': orders },
      findings: findings.all(),
    };
  };
  return { name: 'linearizability', take: ofOperations(take), conclude };
}

function timedOf(
  operations: readonly Operation[],
  sessions: readonly FinalSession[],
  before: ReadonlySet<string>,
  tries: FirstTries,
): SlotTimed[] {
  const timed: SlotTimed[] = [];
  const made = new Map<string, SlotTimed>();
  const generationOf = new Map(sessions.map(({ id, generation }) => [id, generation]));
  let unknownSince = Infinity;
  const unknownDeletes = new Map<string, number>();
  for (const operation of operations) {
    const { kind, outcome, session, until } = operation;
    const at = tries.earliestOf(operation);
    if (outcome === 'unknown') {
      if (kind === 'start' || kind === 'turn') unknownSince = Math.min(unknownSince, at);
      if (kind === 'delete' && session !== undefined)
        unknownDeletes.set(session, Math.min(at, unknownDeletes.get(session) ?? at));
      continue;
    }
    const act = actOf(operation, generationOf);
    if (act === undefined) continue;
    const one = { act, at, until, operation };
    if (act.kind !== 'create' && act.kind !== 'replace') {
      timed.push(one);
      continue;
    }
    // A repeated request under one key took effect once, before its first response.
    const known = made.get(act.session);
    if (known === undefined || until < known.until) made.set(act.session, one);
  }
  timed.push(...made.values());
  for (const { id, generation, predecessor, deleted, replacedBy } of sessions) {
    if (!made.has(id) && !before.has(id) && generation > 0)
      timed.push({
        act: birthOf(id, generation, predecessor),
        at: unknownSince,
        until: Infinity,
        operation: undefined,
      });
    const asked = unknownDeletes.get(id);
    if (deleted && replacedBy === null && asked !== undefined)
      timed.push({ act: { kind: 'delete', session: id }, at: asked, until: Infinity, operation: undefined });
  }
  return timed.filter(({ at }) => at !== Infinity);
}

const birthOf = (session: string, generation: number, predecessor: string | null): SlotAct =>
  predecessor === null
    ? { kind: 'create', session, generation }
    : { kind: 'replace', predecessor, session, generation };

/** Kinds that are only accepted while the session is live. */
const OF_THE_LIVE: ReadonlySet<string> = new Set(['turn', 'logs', 'agent-session', 'stop']);

function actOf(operation: Operation, generationOf: ReadonlyMap<string, number>): SlotAct | undefined {
  const { kind, outcome, session, told, code, generation } = operation;
  if (outcome === 'refused') {
    const own = session !== undefined && generationOf.get(session) === generation;
    return own && code === 'stale_generation' ? { kind: 'is-gone', session } : undefined;
  }
  if (kind === 'start' && told?.session !== undefined && told.generation !== undefined) {
    if (told.outcome === 'created') return birthOf(told.session, told.generation, null);
    return told.outcome === 'replaced'
      ? birthOf(told.session, told.generation, told.predecessor?.session ?? null)
      : undefined;
  }
  if (kind === 'turn' && told?.replaced && told.session !== undefined && told.generation !== undefined)
    return birthOf(told.session, told.generation, told.replaced.session);
  if (session === undefined) return undefined;
  if (kind === 'delete') return { kind: 'delete', session };
  if (kind === 'get' && told?.deleted !== undefined) return { kind: told.deleted ? 'is-gone' : 'is-live', session };
  if (kind === 'heartbeat' && told?.outcome === 'continue') return { kind: 'is-live', session };
  if (kind === 'heartbeat' && told?.why === 'replaced') return { kind: 'is-gone', session };
  return OF_THE_LIVE.has(kind) ? { kind: 'is-live', session } : undefined;
}
