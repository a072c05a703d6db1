import type { Row } from '../check.ts';
import type { SourceTraits } from '../judge-turn.ts';
import { isNoChange } from './identities.ts';
import type { Scope } from './scope.ts';
import { ATTEMPTS_SIEVE } from './sieves/attempts.ts';
import { LIVES_SIEVE } from './sieves/lives.ts';
import { modelsSieve } from './sieves/models.ts';
import { OVERLAPS_SIEVE } from './sieves/overlaps.ts';
import { TOLD_SIEVE } from './sieves/told.ts';
import { TURNS_SIEVE } from './sieves/turns.ts';
import { UNUSED_SIEVE } from './sieves/unused.ts';

/** Above this number of ids, reading everything is faster than looking up each id. */
const HELD_AT_MOST = 20_000;

type Sieve = {
  readonly holds: 'sessions' | 'tasks';
  readonly sql: string;
  /** The ids in a row. Default: its `id`. */
  readonly read?: (row: Row, traits: SourceTraits) => readonly (string | null)[];
};

/**
 * A sieve is a cheap pre-filter: one query over all rows that returns the ids of tasks or sessions that are not
 * obviously correct. It may return correct ones, but must not miss one that breaks a rule. The checks then read only
 * the returned ids.
 */
export const SIEVES = {
  turns: { holds: 'sessions', sql: TURNS_SIEVE },
  attempts: { holds: 'sessions', sql: ATTEMPTS_SIEVE },
  unused: { holds: 'sessions', sql: UNUSED_SIEVE },
  lives: { holds: 'tasks', sql: LIVES_SIEVE },
  told: { holds: 'tasks', sql: TOLD_SIEVE },
  overlaps: { holds: 'tasks', sql: OVERLAPS_SIEVE },
  models: {
    holds: 'sessions',
    sql: modelsSieve(HELD_AT_MOST + 1),
    read: (row, traits) => (isNoChange(row, traits) ? (row.ids ?? '').split(',') : []),
  },
} as const satisfies Readonly<Record<string, Sieve>>;

export type SieveName = keyof typeof SIEVES;

/** Returns a function that computes the scope for a set of sieves. Each sieve runs once. */
export function openSifting(
  ask: (sql: string) => AsyncIterable<Row>,
  traits: SourceTraits,
): (names: readonly SieveName[]) => Promise<Scope> {
  const asked = new Map<SieveName, Promise<Scope>>();
  const sift = async (name: SieveName): Promise<Scope> => {
    const { holds, sql, read }: Sieve = SIEVES[name];
    const ids = new Set<string>();
    // Materialized, so that the planner plans for all rows: it cannot estimate that few rows match.
    for await (const row of ask(`with held as materialized (${sql}) select * from held limit ${HELD_AT_MOST + 1}`)) {
      for (const id of read === undefined ? [row.id ?? null] : read(row, traits)) {
        // A null id cannot be looked up.
        if (id === null) return { kind: 'all' };
        ids.add(id);
      }
    }
    return ids.size > HELD_AT_MOST ? { kind: 'all' } : { kind: holds, ids: [...ids] };
  };
  const sifted = (name: SieveName): Promise<Scope> => {
    const known = asked.get(name) ?? sift(name);
    asked.set(name, known);
    return known;
  };
  return async (names) => {
    const [first, ...more] = await Promise.all(names.map(sifted));
    return more.reduce(together, first ?? { kind: 'all' });
  };
}

const together = (one: Scope, other: Scope): Scope =>
  'ids' in one && 'ids' in other && one.kind === other.kind
    ? { kind: one.kind, ids: [...new Set([...one.ids, ...other.ids])] }
    : { kind: 'all' };
