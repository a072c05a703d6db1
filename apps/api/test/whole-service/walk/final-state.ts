import type { Ask } from './caller.ts';
import type { Memory } from './memory.ts';
import { listAt, textAt } from './read.ts';
import type { Client } from './seen.ts';

/** A session with its processes, events and logs after the walk. */
export type FinalSession = {
  readonly id: string;
  readonly session: unknown;
  readonly processes: readonly unknown[];
  readonly events: readonly unknown[];
  readonly logs: readonly string[];
};

const AT_ONCE = 6;

export async function readFinalState(ask: Ask, client: Client, { tasks }: Memory): Promise<FinalSession[]> {
  const found: FinalSession[] = [];
  for (const task of tasks.values()) {
    if (task.gone) continue;
    const sessions = await everyPage(ask, client, 'listSessions', {
      taskId: task.id,
      includeDeleted: 'true',
      limit: '200',
    });
    for (let from = 0; from < sessions.length; from += AT_ONCE)
      found.push(...(await Promise.all(sessions.slice(from, from + AT_ONCE).map((one) => readOne(ask, client, one)))));
  }
  return found;
}

async function readOne(ask: Ask, client: Client, session: unknown): Promise<FinalSession> {
  const id = textAt(session, 'id') ?? '';
  const params = { sessionId: id };
  const [processes, events, logs] = await Promise.all([
    ask(client, 'sessionProcesses', { params }),
    ask(client, 'sessionEvents', { params }),
    everyPage(ask, client, 'sessionLogs', { limit: '1000' }, params),
  ]);
  return {
    ...{ id, session },
    processes: listAt(processes.answer, 'items'),
    events: listAt(events.answer, 'items'),
    logs: logs.map((log) => textAt(log, 'line') ?? ''),
  };
}

export async function everyPage(
  ask: Ask,
  client: Client,
  operation: string,
  query: Readonly<Record<string, string>>,
  params: Readonly<Record<string, string>> = {},
): Promise<unknown[]> {
  const items: unknown[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await ask(client, operation, { params, query: { ...query, ...(cursor !== undefined && { cursor }) } });
    items.push(...listAt(page.answer, 'items'));
    cursor = textAt(page.answer, 'next');
    if (cursor === undefined) return items;
  }
}
