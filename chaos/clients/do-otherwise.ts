import type { PastWork } from './board.ts';
import { MODEL_NAMES } from './models.ts';
import { finish, heartbeat, logs, makeTask, standalone, tellAgentSession, turn, usage } from './operations.ts';
import { linesOf } from './run-agent.ts';
import * as whole from './session-operations.ts';
import { insist, type User } from './user.ts';

/** What clients do besides running one agent in one slot. */

export async function makeNewTask(user: User): Promise<void> {
  const { board, random } = user;
  if (board.projects.length === 0) return;
  const project = random.pick(board.projects);
  const key = user.unique('task');
  const said = await insist(user, makeTask(key, project, key));
  if (said.outcome !== 'ok' || said.told.id === undefined) return;
  board.allTasks.set(said.told.id, project);
  board.tasks.push({ id: said.told.id, project, attempts: [], uses: 0 });
}

/** Simulates a late or confused runner: a request of a past process, which may have been replaced or ended since. */
export async function comeHomeLate(user: User): Promise<void> {
  const { board, random } = user;
  const known = board.pastWork(random);
  if (known === undefined) return;
  const work = mixedUp(user, known);
  switch (
    random.weighted({ heartbeat: 5, logs: 5, agent: 4, usage: 3, finish: 3, turn: 2, delete: 0.5, feedback: 1 })
  ) {
    case 'heartbeat':
      return void (await insist(user, heartbeat(work)));
    case 'logs':
      return void (await insist(user, logs(user.unique('logs'), work, linesOf(user))));
    case 'agent':
      return void (await insist(user, tellAgentSession(work, user.unique('agent'))));
    case 'usage':
      return void (await insist(user, usage(work, [random.whole(0, 30_000), 5, 1, 0])));
    case 'finish':
      return void (await insist(user, finish(work, { ending: random.pick(['completed', 'failed', 'killed']) })));
    case 'turn':
      return void (await insist(user, turn(user.unique('turn'), { ...work, attempt: known.attempt })));
    case 'delete':
      return void (await insist(user, whole.remove(work)));
    case 'feedback':
      return void (await insist(user, whole.giveFeedback(user.unique('feedback'), work, user.unique('comment'))));
  }
}

/** Usually returns the work unchanged, sometimes with another generation or with a process of another session. */
function mixedUp({ board, random }: User, work: PastWork): PastWork {
  const other = board.pastWork(random) ?? work;
  switch (random.weighted({ asItWas: 14, generation: 2, process: 2 })) {
    case 'asItWas':
      return work;
    case 'generation':
      return { ...work, generation: Math.max(0, work.generation + random.pick([-1, 1])) };
    case 'process':
      return { ...work, process: other.process };
  }
}

/** Repeats a past request under its idempotency key. */
export async function repeatLate(user: User): Promise<void> {
  const sending = user.board.pastSending(user.random);
  if (sending !== undefined) await user.speaker.say(sending);
}

export async function runStandalone(user: User): Promise<void> {
  const { board, random } = user;
  const slot = board.pickSlot(random);
  const attempt = slot && board.tasks.find(({ id }) => id === slot.task)?.attempts[0];
  if (slot === undefined || attempt === undefined) return;
  const made = await insist(user, standalone(user.unique('standalone'), slot, random.pick(MODEL_NAMES)));
  if (made.outcome !== 'ok' || made.told.session === undefined || made.told.generation === undefined) return;
  const { session, generation, model = '' } = made.told;
  const begun = await insist(user, turn(user.unique('turn'), { slot: undefined, session, generation, attempt }));
  if (begun.outcome !== 'ok' || begun.told.process === undefined) return;
  const work = {
    slot: undefined,
    session,
    generation,
    process: begun.told.process,
    attempt,
    agentId: undefined,
    model,
  };
  await insist(user, logs(user.unique('logs'), work, linesOf(user)));
  await insist(user, heartbeat(work));
  if (random.chance(0.85)) await insist(user, finish(work, { ending: 'completed', usage: [100, 20, 1, 3] }));
  board.keepWork(work);
}

/** Sends a random read request. */
export async function lookAround(user: User): Promise<void> {
  const { board, random, speaker } = user;
  const task = board.pickTask(random);
  const work = board.pastWork(random);
  if (task === undefined || work === undefined) return;
  switch (random.weighted({ read: 8, latest: 2, many: 1, list: 1, processes: 1, logs: 1, events: 1 })) {
    case 'read':
      return void (await speaker.say(whole.read(work)));
    case 'latest':
      return void (await speaker.say(whole.latest(task.id, 'run')));
    case 'many':
      return void (await speaker.say(whole.latestOfMany(board.tasks.slice(0, 20).map(({ id }) => id))));
    case 'list':
      return void (await speaker.say(whole.listSessions(task.id, random.chance(0.5))));
    case 'processes':
      return void (await speaker.say(whole.listProcesses(work.attempt)));
    case 'logs':
      return void (await speaker.say(whole.listLogs(work.session)));
    case 'events':
      return void (await speaker.say(whole.listEvents(work.session)));
  }
}
