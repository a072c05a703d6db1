import type { Operation } from '../history/operation.ts';
import { type Checker, createFindings, entryOf, ofOperations } from './checker.ts';
import { createFirstTries } from './first-tries.ts';

/** What is known for certain of one process from what its clients saw. */
type Holder = {
  readonly process: string;
  readonly session: string;
  readonly slot: string;
  readonly operation: Operation;
  /** The answer that granted the turn was there. */
  from: number;
  /** Sent at, of what renewed its lease last: the lease runs from some moment after it. */
  renewedAt: number;
  /** When it was first told to stop. */
  stoppedAt: number;
  stopped: Operation | undefined;
};

/**
 * Two processes never hold the lease of one slot at once. A holder is certain from when it knew of its grant until its last acknowledged renewal
 * was sent plus the lease, or until anybody said that it ended.
 */
export function checkLeases(leaseMs: number): Checker {
  const findings = createFindings();
  const tries = createFirstTries();
  const holders = new Map<string, Holder>();
  const turns: Operation[] = [];
  const renewals: Operation[] = [];
  const ends = new Map<string, number>();
  const end = (name: string | undefined, at: number) => {
    if (name !== undefined) ends.set(name, Math.min(at, ends.get(name) ?? at));
  };

  const take = (operation: Operation) => {
    const { kind, outcome, process, session, at } = operation;
    tries.note(operation);
    if (kind === 'turn' && outcome === 'ok' && operation.slot !== undefined) turns.push(operation);
    if (kind === 'heartbeat' && outcome === 'ok') renewals.push(operation);
    // A refused one may have been refused because an earlier try of it was done.
    if (kind === 'finish') end(process, at);
    if (kind === 'stop' || kind === 'delete') end(session, at);
  };

  const conclude = () => {
    for (const turn of turns) addHolder(holders, turn, tries.earliestOf(turn));
    let afterStop = 0;
    for (const renewal of renewals) {
      const holder = holders.get(renewal.process ?? '');
      if (holder === undefined || renewal.session !== holder.session) continue;
      if (renewal.told?.outcome === 'continue') holder.renewedAt = Math.max(holder.renewedAt, renewal.at);
      // With another generation than its own a heartbeat is stale, whatever became of the process.
      else if (renewal.generation === holder.operation.told?.generation && renewal.until < holder.stoppedAt) {
        holder.stoppedAt = renewal.until;
        holder.stopped = renewal;
      }
    }
    for (const renewal of renewals) {
      const holder = holders.get(renewal.process ?? '');
      if (holder?.stopped === undefined) continue;
      afterStop += 1;
      if (renewal.told?.outcome === 'continue' && renewal.at > holder.stoppedAt)
        findings.add(
          'lease-after-stop',
          `process ${holder.process} was told to stop and then to go on`,
          holder.stopped,
          renewal,
        );
    }
    let intervals = 0;
    const bySlot = Map.groupBy(holders.values(), ({ slot }) => slot);
    for (const inSlot of bySlot.values()) {
      let latest: Holder | undefined;
      const certainEnd = (holder: Holder) =>
        Math.min(
          holder.renewedAt + leaseMs,
          ends.get(holder.process) ?? Infinity,
          ends.get(holder.session) ?? Infinity,
        );
      for (const holder of inSlot.toSorted((one, other) => one.from - other.from)) {
        if (latest !== undefined) {
          intervals += 1;
          if (holder.from < certainEnd(latest) && certainEnd(holder) > holder.from) {
            const overlap = Math.round(certainEnd(latest) - holder.from);
            findings.add(
              'two-holders',
              `${holder.slot}: ${holder.process} was granted ${overlap} ms before the lease of ${latest.process} was over`,
              latest.operation,
              holder.operation,
            );
          }
        }
        if (latest === undefined || certainEnd(holder) > certainEnd(latest)) latest = holder;
      }
    }
    return {
      compared: { 'lease intervals': intervals, 'heartbeats of processes that were told to stop': afterStop },
      findings: findings.all(),
    };
  };
  return { name: 'leases', take: ofOperations(take), conclude };
}

function addHolder(holders: Map<string, Holder>, operation: Operation, earliest: number): void {
  const { told, slot, until } = operation;
  if (told?.process === undefined || told.session === undefined || slot === undefined) return;
  const { process, session } = told;
  const holder = entryOf(holders, process, () => ({
    process,
    session,
    slot,
    operation,
    from: until,
    renewedAt: earliest,
    stoppedAt: Infinity,
    stopped: undefined,
  }));
  holder.from = Math.min(holder.from, until);
}
