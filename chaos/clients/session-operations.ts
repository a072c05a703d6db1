import { nameOfModel } from './models.ts';
import type { Sending } from './speaker.ts';

/** Requests about a whole session, and all read requests. */

/** The fields by which requests name a session. */
export type Whole = { readonly slot: string | undefined; readonly session: string; readonly generation: number };

const named = ({ slot, session, generation }: Whole) => ({ ...(slot !== undefined && { slot }), session, generation });

export const stop = (whole: Whole): Sending => ({
  kind: 'stop',
  route: 'stopSession',
  ...named(whole),
  send: async (client) => {
    await client.stopSession({ params: { sessionId: whole.session }, body: { generation: whole.generation } });
    return {};
  },
});

export const remove = (whole: Whole): Sending => ({
  kind: 'delete',
  route: 'deleteSession',
  ...named(whole),
  send: async (client) => {
    await client.deleteSession({ params: { sessionId: whole.session } });
    return {};
  },
});

export const giveFeedback = (key: string, whole: Whole, comment: string): Sending => ({
  kind: 'feedback',
  route: 'giveFeedback',
  key,
  ...named(whole),
  asked: { comment },
  send: async (client) => {
    await client.giveFeedback({
      params: { sessionId: whole.session },
      body: { rating: 'neutral', comment },
      idempotencyKey: key,
    });
    return {};
  },
});

/** Reads one session. By contract this read is never served from a snapshot. */
export const read = (whole: Whole): Sending => ({
  kind: 'get',
  route: 'getSession',
  ...named(whole),
  send: async (client) => {
    const { body } = await client.getSession({ params: { sessionId: whole.session } });
    return {
      session: body.id,
      generation: body.generation,
      model: nameOfModel(body.model),
      deleted: body.deletedAt !== null,
      outcome: body.status,
    };
  },
});

const look = (route: Sending['route'], send: Sending['send']): Sending => ({ kind: 'look', route, send });

export const latest = (task: string, phase: string): Sending =>
  look('latestSession', async (client) => {
    await client.latestSession({ params: { taskId: task }, query: { phase } });
    return {};
  });

export const latestOfMany = (taskIds: string[]): Sending =>
  look('latestOfMany', async (client) => {
    await client.latestOfMany({ body: { taskIds } });
    return {};
  });

export const listSessions = (task: string, includeDeleted: boolean): Sending =>
  look('listSessions', async (client) => {
    await client.listSessions({ query: { taskId: task, includeDeleted: includeDeleted ? 'true' : 'false' } });
    return {};
  });

export const listProcesses = (attempt: string): Sending =>
  look('attemptProcesses', async (client) => {
    await client.attemptProcesses({ params: { attemptId: attempt }, query: {} });
    return {};
  });

export const listLogs = (session: string): Sending =>
  look('sessionLogs', async (client) => {
    await client.sessionLogs({ params: { sessionId: session }, query: {} });
    return {};
  });

export const listEvents = (session: string): Sending =>
  look('sessionEvents', async (client) => {
    await client.sessionEvents({ params: { sessionId: session } });
    return {};
  });
