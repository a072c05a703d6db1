import type { ProcessId } from '@phaselock/core';
import type { Sql } from '@phaselock/store';
import { monotonicMicros, type Violation } from './history.ts';
import { type Done, writesIn } from './history-effects.ts';

type Row = { id: ProcessId; slot: string; generation: number; seq: number; ended: number | null };
type Runner = Row & { readonly heldUntil: number; readonly begunBy: number };

/** Allowance for reading the wall clock and the monotonic clock of one machine one after the other. */
const TOLERANCE_MS = 5;

/**
 * Checks that a slot never has two running processes: when the start of a process was acknowledged, each earlier
 * process of the slot had ended, or its last acknowledged lease had expired. The database alone cannot prove this,
 * because each renewal overwrites the previous lease.
 */
export async function twoRunners(sql: Sql, done: readonly Done[]): Promise<Violation[]> {
  const leases = leasesIn(done);
  if (leases.size === 0) return [];
  const rows = await sql.query<Row>(
    {
      name: 'guarded_processes',
      text: `select p.id, concat_ws('/', s.task_id, s.phase, s.mode) as slot, s.generation, p.seq,
          (extract(epoch from p.ended_at) * 1000)::float8 as ended
        from processes p join sessions s on s.id = p.session_id where s.guarded`,
    },
    [],
  );
  const runners = rows.flatMap((row): Runner[] => {
    const lease = leases.get(row.id);
    return lease === undefined
      ? []
      : [{ ...row, ...lease, heldUntil: Math.min(lease.heldUntil, row.ended ?? Number.POSITIVE_INFINITY) }];
  });
  return [...Map.groupBy(runners, ({ slot }) => slot).values()].flatMap(overlapping);
}

function overlapping(ofSlot: readonly Runner[]): Violation[] {
  const inOrder = ofSlot.toSorted((a, b) => a.generation - b.generation || a.seq - b.seq);
  let holder: Runner | undefined;
  const violations: Violation[] = [];
  for (const runner of inOrder) {
    if (holder !== undefined && runner.begunBy + TOLERANCE_MS < holder.heldUntil) {
      const early = Math.round(holder.heldUntil - runner.begunBy);
      const what = `process ${runner.id} began ${early} ms before ${holder.id} ended or its lease expired`;
      violations.push({ rule: 'handover', slot: runner.slot, what });
    }
    if (holder === undefined || runner.heldUntil > holder.heldUntil) holder = runner;
  }
  return violations;
}

type Lease = { readonly heldUntil: number; readonly begunBy: number };

/**
 * The latest lease expiry of each process, and the latest moment it can have begun: the time of the first answer about
 * it. Both are wall-clock times, because lease expiries are.
 */
function leasesIn(done: readonly Done[]): Map<ProcessId, Lease> {
  const wallMinusMonotonic = Date.now() - monotonicMicros() / 1_000;
  const leases = new Map<ProcessId, Lease>();
  for (const { effect, at } of writesIn(done)) {
    const { kept } = effect;
    if (kept?.kind !== 'lease') continue;
    const known = leases.get(kept.processId);
    const told = at / 1_000 + wallMinusMonotonic;
    leases.set(kept.processId, {
      heldUntil: Math.max(kept.until, known?.heldUntil ?? 0),
      begunBy: Math.min(told, known?.begunBy ?? Number.POSITIVE_INFINITY),
    });
  }
  return leases;
}
