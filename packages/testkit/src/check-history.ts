import type { Generation, SessionId } from '@phaselock/core';
import type { Sql } from '@phaselock/store';
import { checkDatabase } from './check-database.ts';
import type { Effect, RecordedOperation, Violation } from './history.ts';

type Done = { readonly operation: RecordedOperation; readonly effect: Effect; readonly at: number };

/** What clients were told, held against each other and against the rows. Generations make it linear: no search for an order is needed. */
export async function checkHistory(sql: Sql, operations: readonly RecordedOperation[]): Promise<Violation[]> {
  const done = operations.flatMap((operation): Done[] => {
    const { answered } = operation;
    return answered === null ? [] : answered.effects.map((effect) => ({ operation, effect, at: answered.at }));
  });
  return [
    ...(await lostAcknowledgements(sql, done)),
    ...realTimeOrder(done),
    ...staleWrites(done),
    ...(await checkDatabase(sql)),
  ];
}

/** Every birth somebody was told of is in the database, with the generation that was told. */
async function lostAcknowledgements(sql: Sql, done: readonly Done[]): Promise<Violation[]> {
  const rows = await sql.query<{ id: SessionId; generation: Generation }>(
    { name: 'all_births', text: 'select id, generation from sessions' },
    [],
  );
  const known = new Map(rows.map(({ id, generation }) => [id, generation]));
  return births(done).flatMap(({ operation: { slot }, session }) =>
    known.get(session.id) === session.generation
      ? []
      : [
          {
            rule: 'acknowledged',
            slot,
            what: `${session.id} of generation ${session.generation} was acknowledged and is not there`,
          },
        ],
  );
}

/** If one birth was answered before another in its slot was asked for, its generation is the smaller one. */
function realTimeOrder(done: readonly Done[]): Violation[] {
  const violations: Violation[] = [];
  for (const [slot, ofSlot] of Map.groupBy(births(done), ({ operation }) => operation.slot)) {
    const answered = ofSlot.toSorted((a, b) => a.at - b.at);
    let highest = 0;
    let next = 0;
    for (const birth of ofSlot.toSorted((a, b) => a.operation.invokedAt - b.operation.invokedAt)) {
      for (
        let before = answered[next];
        before !== undefined && before.at < birth.operation.invokedAt;
        before = answered[++next]
      ) {
        highest = Math.max(highest, before.session.generation);
      }
      if (birth.session.generation <= highest) {
        violations.push({
          rule: 'order',
          slot,
          what: `generation ${birth.session.generation} was born after ${highest} had been answered`,
        });
      }
    }
  }
  return violations;
}

/** Nothing is written under a session once somebody was told that it had left. */
function staleWrites(done: readonly Done[]): Violation[] {
  const leftAt = new Map<SessionId, number>();
  const left = (id: SessionId, at: number): void =>
    void leftAt.set(id, Math.min(at, leftAt.get(id) ?? Number.POSITIVE_INFINITY));
  for (const { effect, at } of done) {
    if (effect.kind === 'birth' && effect.predecessor !== null) left(effect.predecessor, at);
    if (effect.kind === 'departure') left(effect.sessionId, at);
  }
  return done.flatMap(({ operation: { slot, what, invokedAt }, effect }) => {
    if (effect.kind !== 'write') return [];
    const stale = invokedAt > (leftAt.get(effect.session.id) ?? Number.POSITIVE_INFINITY);
    return stale
      ? [{ rule: 'stale-write', slot, what: `${what} was accepted under ${effect.session.id}, which had left` }]
      : [];
  });
}

const births = (done: readonly Done[]) =>
  done.flatMap(({ operation, effect, at }) =>
    effect.kind === 'birth' ? [{ operation, at, session: effect.session }] : [],
  );
