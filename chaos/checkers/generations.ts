import type { Operation, Ref } from '../history/operation.ts';
import { type Checker, createFindings, entryOf, ofOperations } from './checker.ts';
import { createFirstTries } from './first-tries.ts';

/** A (session, generation) pair in a response; `wrote` is false for a response that only read. */
type Sighting = { readonly ref: Ref; readonly operation: Operation; readonly wrote: boolean };

/** Documented age limit of a response that writes nothing, plus a margin for a delayed event loop of the client. */
const SNAPSHOT_MS = 2_000 + 250;

/**
 * Checks the generations of a slot: they only grow, each belongs to one session, a session is replaced at most once and
 * only if it was confirmed, and a response that writes nothing is not older than the contract allows.
 */
export function checkGenerations(): Checker {
  const findings = createFindings();
  const tries = createFirstTries();
  const bySlot = new Map<string, Sighting[]>();
  const see = (operation: Operation, session: string | undefined, generation: number | undefined, wrote: boolean) => {
    if (operation.slot === undefined || session === undefined || generation === undefined || generation === 0) return;
    entryOf(bySlot, operation.slot, () => []).push({ ref: { session, generation }, operation, wrote });
  };

  const take = (operation: Operation) => {
    tries.note(operation);
    const { kind, outcome, told } = operation;
    if (told === undefined || outcome === 'unknown') return;
    if (kind === 'start')
      see(operation, told.session, told.generation, outcome === 'ok' && told.outcome !== 'existing');
    if (kind === 'turn' && outcome === 'ok') see(operation, told.session, told.generation, told.replaced !== null);
  };

  const conclude = () => {
    let sightings = 0;
    let confirmations = 0;
    let reads = 0;
    for (const [slot, seen] of bySlot) {
      const sessionOf = new Map<number, Sighting>();
      const successorOf = new Map<string, Sighting>();
      for (const sighting of seen) {
        const { ref, operation, wrote } = sighting;
        sightings += 1;
        const known = entryOf(sessionOf, ref.generation, () => sighting);
        if (known.ref.session !== ref.session)
          findings.add(
            'generation-twice',
            `${slot}: generation ${ref.generation} belongs to two sessions`,
            known.operation,
            operation,
          );
        const predecessor = operation.told?.predecessor ?? operation.told?.replaced;
        if (!wrote || !predecessor) continue;
        const other = entryOf(successorOf, predecessor.session, () => sighting);
        if (other.ref.session !== ref.session)
          findings.add(
            'replaced-twice',
            `${slot}: ${predecessor.session} was replaced twice`,
            other.operation,
            operation,
          );
        const { confirm } = operation.asked;
        if (confirm === undefined || confirm === 'keep') continue;
        if (confirm.session !== predecessor.session || confirm.generation !== predecessor.generation)
          findings.add(
            'replaced-another',
            `${slot}: ${confirm.session} was confirmed, but ${predecessor.session} was replaced`,
            operation,
          );
      }
      const writes = seen
        .filter(({ wrote }) => wrote)
        .toSorted((one, other) => one.operation.until - other.operation.until);
      const latestBefore = latestGenerationBefore(writes);
      for (const { ref, operation, wrote } of seen) {
        const sent = tries.earliestOf(operation);
        const latest = latestBefore(wrote ? sent : sent - SNAPSHOT_MS);
        if (wrote) confirmations += 1;
        else reads += 1;
        if (latest === undefined || operation.kind === 'turn') continue;
        if (wrote && ref.generation <= latest.ref.generation && ref.session !== latest.ref.session)
          findings.add(
            'generation-back',
            `${slot}: generation ${ref.generation} was assigned after ${latest.ref.generation} was acknowledged`,
            latest.operation,
            operation,
          );
        if (!wrote && ref.generation < latest.ref.generation)
          findings.add(
            'stale-answer',
            `${slot}: generation ${ref.generation} was returned ${Math.round(sent - latest.operation.until)} ms after ${latest.ref.generation} was acknowledged`,
            latest.operation,
            operation,
          );
      }
    }
    return {
      compared: {
        'sessions as they were told': sightings,
        'sessions that were made': confirmations,
        'answers from snapshots': reads,
      },
      findings: findings.all(),
    };
  };
  return { name: 'generations', take: ofOperations(take), conclude };
}

/** The write with the highest generation acknowledged before a moment. */
function latestGenerationBefore(writes: readonly Sighting[]): (at: number) => Sighting | undefined {
  const highest: Sighting[] = [];
  for (const write of writes) {
    const before = highest.at(-1);
    highest.push(before === undefined || write.ref.generation > before.ref.generation ? write : before);
  }
  return (at) => {
    let low = 0;
    let high = writes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((writes[middle]?.operation.until ?? Infinity) < at) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? undefined : highest[low - 1];
  };
}
