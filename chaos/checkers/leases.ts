import type { Operation } from '../history/operation.ts';
import { type Checker, createFindings, entryOf, ofOperations } from './checker.ts';
import { createFirstTries } from './first-tries.ts';

/** What the responses prove about the lease of one process. */
type Holder = {
  readonly process: string;
  readonly session: string;
  readonly slot: string;
  readonly operation: Operation;
  /** When the response that granted the turn arrived. */
  from: number;
  /** When the request that last renewed the lease was sent. The lease starts at a later moment. */
  renewedAt: number;
  /** When a heartbeat was first answered with stop. */
  stoppedAt: number;
  stopped: Operation | undefined;
};

/**
 * Checks that two processes never hold the lease of one slot at once. A process certainly holds it from the response
 * that granted the turn until its last acknowledged renewal was sent plus the lease duration, or until a client
 * reported its end.
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
    // Refused requests count too: the refusal may follow an earlier attempt that succeeded.
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
      // A heartbeat under another generation is answered with stop whatever the state of the process.
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
          `process ${holder.process} received stop and later continue`,
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
              `${holder.slot}: ${holder.process} was granted ${overlap} ms before the lease of ${latest.process} expired`,
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
