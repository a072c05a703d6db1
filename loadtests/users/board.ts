import { makeAttempt, makeProject, makeTask, type SlotName, slotKey, start } from '../../chaos/clients/operations.ts';
import type { Said } from './speaker.ts';
import type { User } from './user.ts';

/** A task somebody works on, with the attempts at it. */
export type Task = { readonly id: string; readonly attempts: readonly string[] };

/** What was made before anybody acts; k6 hands it to every user. */
export type Board = {
  /** In the name of everything that this run makes. */
  readonly run: string;
  readonly projects: readonly string[];
  /** Tasks that all users share. */
  readonly tasks: readonly Task[];
  /** Slots of the arrivals, each with a session. */
  readonly slots: readonly SlotName[];
  /** Tasks with a session that lookups come to so seldom that it is not in the memory of the service any more. Ids alone: every user has them all. */
  readonly quietTasks: readonly string[];
};

export type BoardOptions = {
  readonly projects: number;
  readonly sharedTasks: number;
  readonly slots: number;
  readonly quietTasks: number;
};

export const FIRST_MODEL = 'claude-code/claude-sonnet-4-5';
export const SECOND_MODEL = 'claude-code/claude-opus-4-5';

/** Makes it through the API, under the same names and keys as everything else, so that it is proven as well. */
export async function setTheBoard(user: User, run: string, options: BoardOptions): Promise<Board> {
  const projects: string[] = [];
  for (let count = options.projects; count > 0; count -= 1) projects.push(await newProject(user));
  const tasks: Task[] = [];
  for (let count = options.sharedTasks; count > 0; count -= 1)
    tasks.push(await newTask(user, user.random.pick(projects)));
  const slots: SlotName[] = [];
  for (let count = options.slots; count > 0; count -= 1) slots.push(await newSlot(user, user.random.pick(projects)));
  const quietTasks: string[] = [];
  for (let count = options.quietTasks; count > 0; count -= 1)
    quietTasks.push((await newSlot(user, user.random.pick(projects))).task);
  return { run, projects, tasks, slots, quietTasks };
}

/** The slot of a task of its own, with a session in it. */
async function newSlot(user: User, project: string): Promise<SlotName> {
  const title = user.unique('task');
  const task = idIn(await user.say({ ...makeTask(title, project, title), name: 'create-task' }));
  const slot = { task, phase: 'run', mode: 'standard' } as const;
  const made = await user.say({ ...start(user.unique('start'), { slot, model: FIRST_MODEL }), name: 'start' });
  if (made.outcome !== 'ok') throw new Error(`no session in ${slotKey(slot)}: ${made.code}`);
  return slot;
}

async function newProject(user: User): Promise<string> {
  const title = user.unique('project');
  return idIn(await user.say({ ...makeProject(title, title), name: 'create-project' }));
}

async function newTask(user: User, project: string): Promise<Task> {
  const task = await makeOwnTask(user, project);
  if (task === undefined) throw new Error(`no task in ${project}`);
  return task;
}

/** A task and an attempt at it; undefined where one of them could not be made. */
export async function makeOwnTask(user: User, project: string): Promise<Task | undefined> {
  const title = user.unique('task');
  const made = await user.say({ ...makeTask(title, project, title), name: 'create-task' });
  if (made.outcome !== 'ok' || made.told.id === undefined) return undefined;
  const branch = user.unique('attempt');
  const attempt = await user.say({ ...makeAttempt(branch, made.told.id, branch), name: 'create-attempt' });
  if (attempt.outcome !== 'ok' || attempt.told.id === undefined) return undefined;
  return { id: made.told.id, attempts: [attempt.told.id] };
}

function idIn(said: Said): string {
  if (said.outcome === 'ok' && said.told.id !== undefined) return said.told.id;
  throw new Error(`the board could not be made: ${said.outcome === 'ok' ? 'no id' : said.code}`);
}
