import type { Row } from '../check.ts';
import type { Scope } from './scope.ts';
import { ATTEMPTS_SIEVE } from './sieves/attempts.ts';
import { EVENTS_SIEVE } from './sieves/events.ts';
import { LIVES_SIEVE } from './sieves/lives.ts';
import { TURNS_SIEVE } from './sieves/turns.ts';
import { UNUSED_SIEVE } from './sieves/unused.ts';

/**
 * A sieve is one reading of everything that tells where something is not plainly right. It may hold the innocent, and lets no guilty one
 * through: who is guilty is for the rules to say, which then look at little.
 */
export const SIEVES = {
  turns: { holds: 'sessions', sql: TURNS_SIEVE },
  attempts: { holds: 'sessions', sql: ATTEMPTS_SIEVE },
  unused: { holds: 'sessions', sql: UNUSED_SIEVE },
  lives: { holds: 'tasks', sql: LIVES_SIEVE },
  events: { holds: 'tasks', sql: EVENTS_SIEVE },
} as const;

export type SieveName = keyof typeof SIEVES;

/** With more held than this, looking each of them up takes longer than reading everything. */
const HELD_AT_MOST = 20_000;

/** Where to look, by the sieves that stand before a question; each is asked once. */
export function openSifting(ask: (sql: string) => AsyncIterable<Row>): (names: readonly SieveName[]) => Promise<Scope> {
  const asked = new Map<SieveName, Promise<Scope>>();
  const sift = async (name: SieveName): Promise<Scope> => {
    const { holds, sql } = SIEVES[name];
    const ids = new Set<string>();
    // Apart, so that it is planned for all rows: that they are few no planner can know.
    for await (const { id } of ask(
      `with held as materialized (${sql}) select id from held limit ${HELD_AT_MOST + 1}`,
    )) {
      // What has no name cannot be looked up.
      if (id == null) return { kind: 'all' };
      ids.add(id);
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
