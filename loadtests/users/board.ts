import { makeAttempt, makeProject, makeTask, type SlotName, slotKey, start } from '../../chaos/clients/operations.ts';
import type { Said } from './speaker.ts';
import type { User } from './user.ts';

/** A task with its attempts. */
export type Task = { readonly id: string; readonly attempts: readonly string[] };

/** The data created in the setup; k6 passes it to every user. */
export type Board = {
  /** Prefix of all names that this run creates. */
  readonly run: string;
  readonly projects: readonly string[];
  /** Tasks that all users share. */
  readonly tasks: readonly Task[];
  /** Slots of the arrivals, each with a session. */
  readonly slots: readonly SlotName[];
  /**
   * Ids of tasks with a session that are looked up so rarely that the snapshot has expired from the cache. Ids only,
   * because every user holds a copy.
   */
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

/** Creates the data through the API, with calls recorded in the journal, so that it is proven as well. */
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

/** Creates a task with a session and returns its slot. */
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

/** Creates a task and an attempt; undefined if one of them failed. */
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
  throw new Error(`the setup failed: ${said.outcome === 'ok' ? 'no id' : said.code}`);
}
