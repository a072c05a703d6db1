import type { Generation, ProcessId, SessionId } from '@phaselock/core';
import type { Sql } from '@phaselock/store';
import type { RecordedOperation, Violation } from './history.ts';
import { birthsIn, type Done, departuresIn, writesIn } from './history-effects.ts';

type Row = {
  id: SessionId;
  slot: string;
  generation: Generation;
  predecessor_id: SessionId | null;
  deleted: boolean;
};

const readSessions = (sql: Sql): Promise<Row[]> =>
  sql.query<Row>(
    {
      name: 'all_sessions',
      text: `select id, concat_ws('/', task_id, phase, mode) as slot, generation, predecessor_id, deleted_at is not null as deleted
        from sessions`,
    },
    [],
  );

/** Checks that every acknowledged effect is in the database: created sessions, deletions, log lines, processes. */
export async function lostAcknowledgements(sql: Sql, done: readonly Done[]): Promise<Violation[]> {
  const known = new Map((await readSessions(sql)).map((row) => [row.id, row]));
  return [
    ...birthsIn(done).flatMap((birth) => lostBirth(birth, known.get(birth.effect.session.id))),
    ...toldTwice(done),
    ...departuresIn(done).flatMap(({ operation: { slot }, effect: { sessionId } }) =>
      known.get(sessionId)?.deleted
        ? []
        : [lost(slot, `the deletion of ${sessionId} was acknowledged, but the session is live`)],
    ),
    ...(await lostLines(sql, done)),
    ...(await lostProcesses(sql, done)),
  ];
}

const lost = (slot: string, what: string): Violation => ({ rule: 'acknowledged', slot, what });

function lostBirth({ operation: { slot }, effect }: Done<'birth'>, row: Row | undefined): Violation[] {
  const { session, predecessor } = effect;
  const told = `${session.id} of generation ${session.generation} was acknowledged`;
  if (row?.generation !== session.generation) return [lost(slot, `${told}, but the database does not have it`)];
  if (row.slot !== slot) return [lost(slot, `${told} in this slot, but it is in ${row.slot}`)];
  if (row.predecessor_id === predecessor) return [];
  return [lost(slot, `${told} as the successor of ${predecessor}, but its predecessor is ${row.predecessor_id}`)];
}

/** Only one answer may state that it created a session: every other caller receives "existing". */
function toldTwice(done: readonly Done[]): Violation[] {
  return [...Map.groupBy(birthsIn(done), ({ effect }) => effect.session.id)].flatMap(([id, [first, second]]) =>
    first === undefined || second === undefined
      ? []
      : [
          lost(
            first.operation.slot,
            `${first.operation.client} and ${second.operation.client} both received the answer that they created ${id}`,
          ),
        ],
  );
}

async function lostLines(sql: Sql, done: readonly Done[]): Promise<Violation[]> {
  const told = writesIn(done).flatMap(({ operation: { slot }, effect: { session, kept } }) =>
    kept?.kind === 'line' ? [{ slot, id: session.id, line: kept.line }] : [],
  );
  const rows = await sql.query<{ session_id: SessionId; line: string }>(
    { name: 'lines', text: 'select session_id, line from session_logs where line = any ($1)' },
    [told.map(({ line }) => line)],
  );
  const there = new Set(rows.map(({ session_id, line }) => `${session_id} ${line}`));
  return told.flatMap(({ slot, id, line }) =>
    there.has(`${id} ${line}`)
      ? []
      : [lost(slot, `line '${line}' of ${id} was acknowledged, but the database does not have it`)],
  );
}

async function lostProcesses(sql: Sql, done: readonly Done[]): Promise<Violation[]> {
  const rows = await sql.query<{ id: ProcessId; session_id: SessionId }>(
    { name: 'all_processes', text: 'select id, session_id from processes' },
    [],
  );
  const home = new Map(rows.map(({ id, session_id }) => [id, session_id]));
  return writesIn(done).flatMap(({ operation: { slot }, effect: { session, kept } }) =>
    kept?.kind !== 'lease' || home.get(kept.processId) === session.id
      ? []
      : [lost(slot, `process ${kept.processId} of ${session.id} was acknowledged, but the database does not have it`)],
  );
}

/**
 * A session that no answer names must come from an operation that got no answer. If a slot has more such sessions than
 * unanswered operations, an operation whose answer reported no effect created one.
 */
export async function unexplainedBirths(
  sql: Sql,
  operations: readonly RecordedOperation[],
  done: readonly Done[],
): Promise<Violation[]> {
  const told = new Set(birthsIn(done).map(({ effect }) => effect.session.id));
  const unanswered = Map.groupBy(
    operations.filter(({ answered }) => answered === null),
    ({ slot }) => slot,
  );
  const untold = (await readSessions(sql)).filter(({ id, generation }) => generation > 0 && !told.has(id));
  return [...Map.groupBy(untold, ({ slot }) => slot)].flatMap(([slot, rows]) => {
    const could = unanswered.get(slot)?.length ?? 0;
    if (rows.length <= could) return [];
    const ids = rows.map(({ id }) => id).join(', ');
    return [{ rule: 'unexplained', slot, what: `no answer names ${ids}, but only ${could} operations had no answer` }];
  });
}
