import exec from 'k6/execution';
import http from 'k6/http';
import type { Options, Scenario } from 'k6/options';
import { createRandom } from '../../chaos/random.ts';
import type { Arm } from '../journal/journal-line.ts';
import { arriveToLookUp, arriveToReplace } from './arrivals.ts';
import { type Board, type BoardOptions, setTheBoard } from './board.ts';
import { describeOperations } from './described-operations.ts';
import { insist } from './insist.ts';
import { createLoadMetrics } from './load-metrics.ts';
import { type Held, type Limits, loadOptions, quietTasksOf, slotsOf } from './load-options.ts';
import { createPerson } from './person.ts';
import { createRunner } from './runner.ts';
import { readSeededTasks } from './seeded-tasks.ts';
import { readSettings } from './settings.ts';
import type { Size } from './sizes.ts';
import { createSpeaker } from './speaker.ts';
import { tour } from './tour.ts';
import { thinkFor, type User } from './user.ts';
import { writeJournal } from './write-journal.ts';

const PROJECTS = 4;
const ROLLOUT: { readonly k6: Limits } = JSON.parse(open(import.meta.resolve('../../ops/rollout/thresholds.json')));

export type LoadSpec = {
  readonly size: Size;
  readonly held: Held;
  /** Number of tasks that all users share; most users work on their own tasks. */
  readonly sharedTasks: number;
  readonly onlyShared?: boolean;
};

/**
 * Composes the load of a scenario. k6 runs the script once per user, and users share nothing but the result of the
 * setup.
 */
export function composeLoad(spec: LoadSpec) {
  const settings = readSettings(__ENV, spec.size);
  const seeded = readSeededTasks(settings.board);
  const operations = describeOperations(import.meta.resolve('../../docs/openapi.json'));
  const metrics = createLoadMetrics();
  // These statuses are regular responses: questions, conflicts and shed load. The journal distinguishes them.
  http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 404, 409, 422, 429, 503));
  let calls = 0;
  let names = 0;

  const userOf = (arm: Arm, run: string): User => {
    const { idInTest } = exec.vu;
    const random = createRandom(Math.floor(Math.random() * 2 ** 32));
    const speaker = createSpeaker({
      arm,
      settings,
      operations,
      metrics,
      nextCall: () => {
        calls += 1;
        return calls;
      },
    });
    return {
      random,
      say: (sending) => insist(speaker, random, sending),
      unique: (name) => {
        names += 1;
        return `${run}-${name}-${idInTest}-${names}`;
      },
      think: () => thinkFor(settings.thinkSeconds, random),
    };
  };

  /** Creates the actor at its first iteration, when its number and the setup data are available. */
  const lazily = <Actor>(make: (board: Board) => Actor) => {
    let actor: Actor | undefined;
    return (board: Board): Actor => {
      actor ??= make(board);
      return actor;
    };
  };
  const projectOf = ({ projects }: Board) => projects[exec.vu.idInTest % projects.length] ?? '';
  const personOf = lazily((board) => {
    const user = userOf('closed', board.run);
    return createPerson({
      user,
      project: spec.onlyShared === true ? undefined : projectOf(board),
      shared: board.tasks,
      seeded: seeded && (() => seeded(user.random)),
    });
  });
  const runnerOf = lazily((board) => createRunner(userOf('closed', board.run), projectOf(board)));
  const arrivalOf = lazily((board) => userOf('open', board.run));

  return {
    settings,
    options: (scenarios: Record<string, Scenario>): Options => loadOptions(scenarios, ROLLOUT.k6, spec.held),
    setup: async (): Promise<Board> => {
      const board: BoardOptions = {
        projects: PROJECTS,
        sharedTasks: spec.sharedTasks,
        slots: slotsOf(settings),
        quietTasks: quietTasksOf(settings),
      };
      writeJournal({ is: 'began', wallMs: Date.now(), at: exec.instance.currentTestRunDuration });
      const run = `load-${crypto.randomUUID().slice(0, 8)}`;
      return setTheBoard(userOf('closed', run), run, board);
    },
    person: (board: Board) => personOf(board).act(),
    runner: (board: Board) => runnerOf(board).act(),
    tour: (board: Board) => tour(userOf('closed', board.run), board),
    lookUp: (board: Board) => {
      const user = arrivalOf(board);
      return arriveToLookUp(user, board, seeded && (() => seeded(user.random)));
    },
    replace: (board: Board) => arriveToReplace(arrivalOf(board), board),
  };
}
