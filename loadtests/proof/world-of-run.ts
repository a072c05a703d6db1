import { createClient } from '@phaselock/contract';
import { Pool } from 'pg';
import type { CheckedRule } from '../../chaos/check-history.ts';
import {
  type Final,
  type FinalBoard,
  NOTHING_BEFORE,
  readArchives,
  readBoard,
  readSessions,
  readTasks,
} from '../../chaos/read-back.ts';
import { readPlaces } from '../../chaos/settle-streams.ts';
import { checkLives } from './lives-in-slots.ts';
import { readMade, readPart, readProject } from './read-database.ts';
import type { RunClock } from './run-clock.ts';

export type Made = {
  readonly projects: ReadonlySet<string>;
  readonly projectTitles: ReadonlySet<string>;
  readonly tasks: ReadonlySet<string>;
  /** Projects and tasks in which something was created; they may have existed before the run. */
  readonly parents: { readonly projects: ReadonlySet<string>; readonly tasks: ReadonlySet<string> };
};

/** Source of the final state: the database or the API. */
export type RunWorld = AsyncDisposable & {
  readonly made: (made: Made) => Promise<FinalBoard>;
  /** The final state of these tasks, and the rules that only database rows can test. */
  readonly part: (
    tasks: readonly string[],
  ) => Promise<{ final: Omit<Final, keyof FinalBoard>; rules: readonly CheckedRule[] }>;
  readonly project: (id: string) => Promise<{ tasks: string[]; places: string[] }>;
};

export type Address = { readonly urls: readonly string[]; readonly key: string };

const addressOf = ({ urls, key }: Address) => {
  const [baseUrl] = urls;
  if (baseUrl === undefined) throw new Error('the run has no API address to read from');
  return createClient({ baseUrl, key });
};

export type DatabaseOfRun = {
  readonly url: string;
  /** Time-out of a connection and of each read, because a frozen database never answers. */
  readonly patienceMs: number;
};

/** Reads the state from the database rows, and purged sessions from the archive through the API. */
export function worldInDatabase(
  { url, patienceMs }: DatabaseOfRun,
  address: Address,
  clock: RunClock,
  beganAt: Date,
): RunWorld {
  const pool = new Pool({
    connectionString: url,
    max: 2,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  });
  // The loss of an idle connection is reported by the next read.
  pool.on('error', () => undefined);
  return {
    made: ({ projects, projectTitles, tasks, parents }) =>
      readMade(
        pool,
        {
          projects: [...new Set([...projects, ...parents.projects])],
          projectTitles: [...projectTitles],
          tasks: [...new Set([...tasks, ...parents.tasks])],
        },
        beganAt,
      ),
    part: async (tasks) => {
      const { sessions, purged, before } = await readPart(pool, tasks, beganAt);
      const onOurClock = new Map([...purged].map(([id, wallMs]) => [id, clock.toRun(wallMs)]));
      const archived = purged.size === 0 ? undefined : await readArchives(addressOf(address), onOurClock);
      return {
        final: {
          sessions: new Map([...sessions, ...(archived?.sessions ?? [])]),
          unreadable: archived?.unreadable ?? new Set(),
          before,
        },
        rules: [await checkLives(pool, tasks)],
      };
    },
    project: (id) => readProject(pool, id),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

/** Reads the state through the API, for the tasks that the run created. The earlier state of other tasks is unknown. */
export function worldOverHttp(address: Address, clock: RunClock, made: Made): RunWorld {
  const client = addressOf(address);
  return {
    made: ({ projectTitles }) => readBoard(client, (name) => projectTitles.has(name)),
    part: async (tasks) => {
      const own = tasks.filter((task) => made.tasks.has(task));
      return { final: { ...(await readSessions(client, own, clock.toRun)), before: NOTHING_BEFORE }, rules: [] };
    },
    project: async (id) => ({ tasks: await readTasks(client, id), places: await readPlaces(client, id) }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
