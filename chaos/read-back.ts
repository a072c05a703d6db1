import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { ApiProblem, type Client } from '@phaselock/contract';
import type { SlotState } from './checkers/slot-model.ts';
import { nameOfModel } from './clients/models.ts';
import type { Usage } from './history/operation.ts';

/** Reads the final state back through the API. */

export type FinalProcess = {
  readonly id: string;
  readonly attempt: string;
  readonly seq: number;
  readonly status: string;
  readonly agentId: string | null;
  readonly passed: string | null;
  readonly usage: Usage;
};

type FinalEvent = { readonly id: number; readonly type: string };

export type FinalSession = {
  readonly id: string;
  readonly slot: string;
  readonly generation: number;
  readonly standalone: boolean;
  readonly model: string;
  readonly deleted: boolean;
  readonly replacedBy: string | null;
  readonly predecessor: string | null;
  readonly processes: readonly FinalProcess[];
  readonly events: readonly FinalEvent[];
  readonly logs: readonly { readonly process: string | null; readonly line: string }[];
  readonly comments: readonly string[];
  /** When it was purged from the database, on the campaign's clock; undefined if it was not. */
  readonly purgedAt: number | undefined;
};

/** The state before the history began, on which its operations build. */
export type Before = {
  /** Sessions that were live before. */
  readonly sessions: ReadonlySet<string>;
  /** Conversation ids that were reported before. */
  readonly conversations: ReadonlySet<string>;
  readonly slots: ReadonlyMap<string, SlotState>;
};

export const NOTHING_BEFORE: Before = { sessions: new Set(), conversations: new Set(), slots: new Map() };

/** The final state of everything that the history created. */
export type Final = {
  readonly project: ReadonlyMap<string, string>;
  readonly task: ReadonlyMap<string, string>;
  readonly attempt: ReadonlyMap<string, string>;
  /** Number of projects, tasks and attempts by (kind, title), to find those created twice under one key. */
  readonly made: ReadonlyMap<string, number>;
  readonly sessions: ReadonlyMap<string, FinalSession>;
  /** Sessions whose existence is recorded, but whose content cannot be read. */
  readonly unreadable: ReadonlySet<string>;
  readonly before: Before;
};

export type FinalBoard = Pick<Final, 'project' | 'task' | 'attempt' | 'made'>;
export type FinalSessions = Pick<Final, 'sessions' | 'unreadable'>;

/** Converts milliseconds since 1970 to the clock of the history. */
export type ToOurClock = (wallMs: number) => number;

type Usages = { inputTokens: number; outputTokens: number; turns: number; costUsdMicros: number };
type Process = {
  id: string;
  attemptId: string;
  seq: number;
  status: string;
  agentSessionId: string | null;
  passedSessionId: string | null;
  usage: Usages;
};
type Whole = {
  session: {
    id: string;
    taskId: string;
    phase: string;
    mode: string;
    generation: number;
    standalone: boolean;
    model: { agent: string; model: string | null };
    deletedAt: string | null;
    replacedBy: string | null;
    predecessorId: string | null;
  };
  processes: Process[];
  events: (FinalEvent & { sessionId: string })[];
  logs: { processId: string | null; line: string }[];
};

const AT_ONCE = 4;
const TRIES = 60;
const PAUSE_MS = 500;

/** Repeats a request while the response is a retryable problem. */
async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await ask();
    } catch (error) {
      if (tried === TRIES || !(error instanceof ApiProblem) || !error.problem.retryable) throw error;
      await pause(PAUSE_MS);
    }
  }
}

/** Reads all data of the projects that belong to the history. */
export async function readBack(
  client: Client,
  isOurs: (projectName: string) => boolean,
  toOurClock: ToOurClock,
): Promise<Final> {
  const board = await readBoard(client, isOurs);
  const sessions = await readSessions(client, [...board.task.keys()], toOurClock);
  return { ...board, ...sessions, before: NOTHING_BEFORE };
}

export async function readBoard(client: Client, isOurs: (projectName: string) => boolean): Promise<FinalBoard> {
  const made = new Map<string, number>();
  const count = (kind: string, title: string) => made.set(`${kind} ${title}`, (made.get(`${kind} ${title}`) ?? 0) + 1);
  const project = new Map<string, string>();
  const task = new Map<string, string>();
  const attempt = new Map<string, string>();
  for (const one of await allOf((query) => client.listProjects({ query }))) {
    if (!isOurs(one.name)) continue;
    project.set(one.id, one.name);
    count('project', one.name);
    for (const { id, title } of await allOf((query) => client.listTasks({ query: { projectId: one.id, ...query } }))) {
      task.set(id, title);
      count('task', title);
    }
  }
  await each([...task.keys()], async (taskId) => {
    for (const { id, branch } of await allOf((query) => client.listAttempts({ query: { taskId, ...query } }))) {
      attempt.set(id, branch ?? '');
      count('attempt', branch ?? '');
    }
  });
  return { project, task, attempt, made };
}

/** Every session of these tasks, from the database or from the archive. */
export async function readSessions(
  client: Client,
  taskIds: readonly string[],
  toOurClock: ToOurClock,
): Promise<FinalSessions> {
  const sessions = new Map<string, FinalSession>();
  const unreadable = new Set<string>();
  await each(taskIds, async (taskId) => {
    const live = await allOf((query) => client.listSessions({ query: { taskId, includeDeleted: 'true', ...query } }));
    const archived = await allOf((query) => client.listArchives({ params: { taskId }, query }));
    const purged = new Map(
      archived.flatMap(({ sessionId, purgedAt }) =>
        purgedAt === null ? [] : [[sessionId, toOurClock(Date.parse(purgedAt))]],
      ),
    );
    await each(
      [...new Set([...live.map(({ id }) => id), ...purged.keys()])],
      async (id) => {
        const final = purged.has(id) ? await readArchive(client, id, purged.get(id)) : await readLive(client, id);
        if (final === undefined) unreadable.add(id);
        else sessions.set(id, final);
      },
      2,
    );
  });
  return { sessions, unreadable };
}

/** Reads purged sessions from the archive, given their ids and their purge times on the clock of the history. */
export async function readArchives(client: Client, purged: ReadonlyMap<string, number>): Promise<FinalSessions> {
  const sessions = new Map<string, FinalSession>();
  const unreadable = new Set<string>();
  await each([...purged], async ([id, purgedAt]) => {
    const final = await readArchive(client, id, purgedAt);
    if (final === undefined) unreadable.add(id);
    else sessions.set(id, final);
  });
  return { sessions, unreadable };
}

async function readLive(client: Client, sessionId: string): Promise<FinalSession> {
  const exported = await patiently(() => client.exportSession({ params: { sessionId }, query: {} }));
  const whole: Whole = JSON.parse(await exported.text());
  const { items } = (await patiently(() => client.listFeedback({ params: { sessionId } }))).body;
  return finalOf(
    whole,
    items.map(({ comment }) => comment ?? ''),
    undefined,
  );
}

async function readArchive(
  client: Client,
  sessionId: string,
  purgedAt: number | undefined,
): Promise<FinalSession | undefined> {
  try {
    const answer: unknown = await patiently(() => client.getArchive({ params: { sessionId } }));
    const text = await textOf(answer);
    const whole: Whole & { feedback: { comment: string | null }[] } = JSON.parse(text);
    return finalOf(
      whole,
      whole.feedback.map(({ comment }) => comment ?? ''),
      purgedAt,
    );
  } catch (error) {
    if (error instanceof ApiProblem) return undefined;
    throw error;
  }
}

async function textOf(answer: unknown): Promise<string> {
  if (!(answer instanceof Response)) throw new Error('getArchive did not return a Response');
  const bytes = Buffer.from(await answer.arrayBuffer());
  return bytes[0] === 0x1f ? gunzipSync(bytes).toString() : bytes.toString();
}

function finalOf(
  { session, processes, events, logs }: Whole,
  comments: string[],
  purgedAt: number | undefined,
): FinalSession {
  return {
    id: session.id,
    slot: `${session.taskId}/${session.phase}/${session.mode}`,
    generation: session.generation,
    standalone: session.standalone,
    model: nameOfModel(session.model),
    deleted: session.deletedAt !== null,
    replacedBy: session.replacedBy,
    predecessor: session.predecessorId,
    processes: processes.map((one) => ({
      id: one.id,
      attempt: one.attemptId,
      seq: one.seq,
      status: one.status,
      agentId: one.agentSessionId,
      passed: one.passedSessionId,
      usage: [one.usage.inputTokens, one.usage.outputTokens, one.usage.turns, one.usage.costUsdMicros],
    })),
    // The export of a session also contains the replacement event, which belongs to its successor.
    events: events.filter(({ sessionId }) => sessionId === session.id).map(({ id, type }) => ({ id, type })),
    logs: logs.map(({ processId, line }) => ({ process: processId, line })),
    comments,
    purgedAt,
  };
}

type Page<Item> = { readonly body: { readonly items: readonly Item[]; readonly next: string | null } };

/** The ids of the tasks of a project. */
export async function readTasks(client: Client, projectId: string): Promise<string[]> {
  return (await allOf((query) => client.listTasks({ query: { projectId, ...query } }))).map(({ id }) => id);
}

async function allOf<Item>(page: (query: { limit: number; cursor?: string }) => Promise<Page<Item>>): Promise<Item[]> {
  const all: Item[] = [];
  for (let cursor: string | undefined; ; ) {
    const { items, next } = (await patiently(() => page({ limit: 200, ...(cursor !== undefined && { cursor }) }))).body;
    all.push(...items);
    if (next === null) return all;
    cursor = next;
  }
}

async function each<Item>(items: readonly Item[], act: (item: Item) => Promise<void>, atOnce = AT_ONCE): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
