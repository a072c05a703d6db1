import { openDatabase } from '@phaselock/store';
import { runStatements } from './run-statements.ts';
import { spreadSessions } from './spread-sessions.ts';

/** The seeded tasks that a scenario uses; content of the LOAD_BOARD file. */
export type Board = {
  readonly projectId: string;
  readonly tasks: readonly { readonly taskId: string; readonly attemptId: string }[];
};

const PROJECTS = 20;
const AT_ONCE = 250_000;
const TASKS_WORKED_ON = 2_000;
/** Time-out of a statement that fills a table with millions of rows. */
const LONG_MS = 3_600_000;
const TABLES = ['projects', 'tasks', 'attempts', 'slots', 'sessions', 'processes', 'session_events', 'session_logs'];

/**
 * Seeds this many sessions over a few busy tasks and a long tail. Returns tasks of the first project, which has the
 * busiest task.
 */
export async function seedBoard(databaseUrl: string, sessions: number, say: (line: string) => void): Promise<Board> {
  const { head, most, tasks } = spreadSessions(sessions);
  await using database = openDatabase({
    url: databaseUrl,
    maxSize: 1,
    statementTimeoutMs: LONG_MS,
    transactionTimeoutMs: LONG_MS,
  });
  const numbers = { HEAD: head, MOST: most, TASKS: tasks, PROJECTS };
  const began = performance.now();
  await runStatements(database, 'seed-board-tasks.sql', numbers);
  for (let from = 0; from < sessions; from += AT_ONCE) {
    await runStatements(database, 'seed-board-sessions.sql', { FROM: from, TO: from + AT_ONCE });
    say(`${Math.min(sessions, from + AT_ONCE)} of ${sessions} sessions seeded`);
  }
  // Vacuum marks rows as all-visible only after their asynchronous commit is on disk.
  await database.pool.pg.query('checkpoint');
  for (const table of TABLES) await database.pool.pg.query(`vacuum (analyze) ${table}`);
  const seconds = (performance.now() - began) / 1_000;
  const rate = ((seconds / sessions) * 100_000).toFixed(1);
  say(`${sessions} sessions of ${tasks} tasks, seeded in ${seconds.toFixed(0)} s: ${rate} s for each 100 000`);
  return boardOf(tasks);
}

const idOf = (kind: string, n: number): string => `0190000${kind}-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

/** The tasks of the first project by decreasing number of sessions, thinned out evenly if there are too many. */
function boardOf(tasks: number): Board {
  const ofProject = Math.ceil(tasks / PROJECTS);
  const wanted = Math.min(TASKS_WORKED_ON, ofProject);
  const ranks = Array.from({ length: wanted }, (_, nth) => Math.floor((nth * ofProject) / wanted) * PROJECTS + 1);
  return {
    projectId: idOf('1', 1),
    tasks: ranks.map((rank) => ({ taskId: idOf('2', rank), attemptId: idOf('3', rank) })),
  };
}
