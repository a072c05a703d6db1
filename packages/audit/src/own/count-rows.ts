import { type Counts, SourceFailure, type WhatWasRead } from '../source.ts';
import { askEachRow } from './ask-each-row.ts';
import type { ScopeSql } from './scope.ts';
import type { SharedConnections } from './shared-connections.ts';

/** Counts in a savepoint, so that a failure does not end the transaction in which the checks read. */
export async function countRead(connections: SharedConnections, within: ScopeSql): Promise<WhatWasRead> {
  const { inScope, sessions, processes } = within;
  const sql = `
    select (select count(*) from sessions s where ${sessions}) as sessions,
           (select count(*) from processes p where ${processes}) as processes,
           (select count(*) from session_events e where ${inScope('e')}) as events,
           (select count(*) from archives r where ${inScope('r')}) as archives`;
  for await (const row of askEachRow(connections, { sql }, within)) {
    const number = (name: string): number => Number(row[name]);
    return {
      sessions: number('sessions'),
      processes: number('processes'),
      events: number('events'),
      archives: number('archives'),
    };
  }
  throw new SourceFailure('the database counted nothing');
}

/** The numbers that `--report` prints. */
export async function countOwn(
  connections: SharedConnections,
  { inScope, processes, values }: ScopeSql,
): Promise<Counts> {
  const [row] = await connections.ask(
    `select (select count(*) from sessions s where ${inScope('s')}) as sessions,
            (select count(*) from sessions s where ${inScope('s')} and exists (select 1 from processes p where p.session_id = s.id)) as used,
            (select count(*) from (select id as task_id from tasks) t where ${inScope('t')}) as tasks,
            (select count(*) from (select id as task_id from tasks) t where ${inScope('t')} and exists (select 1 from sessions s where s.task_id = t.task_id)) as valid,
            (select count(*) from processes p where ${processes}) as processes`,
    [...values],
  );
  const number = (name: string): number => Number(row?.[name] ?? 0);
  return {
    sessions: number('sessions'),
    sessionsWithTasks: number('used'),
    orphaned: number('sessions') - number('used'),
    tasks: number('tasks'),
    validTasks: number('valid'),
    interactions: number('processes'),
  };
}
