import type { Ref, Told, Usage } from '../history/operation.ts';
import { nameOfModel, selectionOf } from './models.ts';
import type { Sending } from './speaker.ts';

/** Constructors of requests, each of which can be sent once or repeatedly. */

export type SlotName = { readonly task: string; readonly phase: string; readonly mode: 'standard' | 'debug' };
export const slotKey = ({ task, phase, mode }: SlotName): string => `${task}/${phase}/${mode}`;

/** One process of one session, as its runner identifies it. */
export type Work = {
  readonly slot: string | undefined;
  readonly session: string;
  readonly generation: number;
  readonly process: string;
};

const shownOf = (confirm: Ref) => ({
  kind: 'replace' as const,
  shown: { sessionId: confirm.session, generation: confirm.generation },
});
const confirmOf = (confirm: 'keep' | Ref | undefined) =>
  confirm === undefined ? {} : { confirm: confirm === 'keep' ? { kind: 'keep' as const } : shownOf(confirm) };

const refOf = (shown: { readonly sessionId: string; readonly generation: number }): Ref => ({
  session: shown.sessionId,
  generation: shown.generation,
});
const refOrNull = (shown: Parameters<typeof refOf>[0] | null): Ref | null => (shown === null ? null : refOf(shown));

export const makeProject = (key: string, title: string): Sending => ({
  kind: 'project',
  route: 'createProject',
  key,
  asked: { title },
  send: async (client) => ({
    id: (await client.createProject({ body: { name: title }, idempotencyKey: key })).body.id,
  }),
});

export const makeTask = (key: string, project: string, title: string): Sending => ({
  kind: 'task',
  route: 'createTask',
  key,
  asked: { title, parent: project },
  send: async (client) => ({
    id: (await client.createTask({ body: { projectId: project, title }, idempotencyKey: key })).body.id,
  }),
});

export const makeAttempt = (key: string, task: string, title: string): Sending => ({
  kind: 'attempt',
  route: 'createAttempt',
  key,
  asked: { title, parent: task },
  send: async (client) => ({
    id: (await client.createAttempt({ body: { taskId: task, branch: title }, idempotencyKey: key })).body.id,
  }),
});

export type StartOf = { readonly slot: SlotName; readonly model: string; readonly confirm?: 'keep' | Ref };

export const startBody = ({ slot, model, confirm }: StartOf) => ({
  taskId: slot.task,
  phase: slot.phase,
  mode: slot.mode,
  model: selectionOf(model),
  ...confirmOf(confirm),
});

type StartAnswer = {
  readonly outcome: string;
  readonly session: {
    readonly id: string;
    readonly generation: number;
    readonly model: { readonly agent: string; readonly model: string | null };
  };
  readonly predecessor: Parameters<typeof refOf>[0] | null;
};

export const startTold = ({ outcome, session, predecessor }: StartAnswer): Told => ({
  outcome,
  session: session.id,
  generation: session.generation,
  model: nameOfModel(session.model),
  predecessor: refOrNull(predecessor),
});

export const startAsked = ({ model, confirm }: StartOf) => ({ model, ...(confirm !== undefined && { confirm }) });

export const start = (key: string | undefined, asking: StartOf): Sending => ({
  kind: 'start',
  route: 'startSession',
  ...(key !== undefined && { key }),
  slot: slotKey(asking.slot),
  asked: startAsked(asking),
  send: async (client) =>
    startTold(
      (await client.startSession({ body: startBody(asking), ...(key !== undefined && { idempotencyKey: key }) })).body,
    ),
});

export const standalone = (key: string, slot: SlotName, model: string): Sending => ({
  kind: 'standalone',
  route: 'beginStandalone',
  key,
  asked: { model, parent: slot.task },
  send: async (client) => {
    const { body } = await client.beginStandalone({
      body: { taskId: slot.task, phase: slot.phase, mode: slot.mode, model: selectionOf(model) },
      idempotencyKey: key,
    });
    return { session: body.id, generation: body.generation, model: nameOfModel(body.model) };
  },
});

export type TurnOf = {
  readonly slot: string | undefined;
  readonly session: string;
  readonly generation: number;
  readonly attempt: string;
  readonly model?: string;
  readonly confirm?: 'keep' | Ref;
  readonly skipContext?: boolean;
  readonly preRetry?: string;
  readonly lost?: string;
  readonly onChange?: boolean;
};

export const turn = (key: string | undefined, asking: TurnOf): Sending => {
  const { slot, session, generation, ...asked } = asking;
  const { attempt, model, confirm, skipContext, preRetry, lost, onChange } = asked;
  return {
    kind: 'turn',
    route: 'startTurn',
    ...(key !== undefined && { key }),
    ...(slot !== undefined && { slot }),
    session,
    generation,
    asked,
    send: async (client) => {
      const { body } = await client.startTurn({
        params: { sessionId: session },
        body: {
          generation,
          attemptId: attempt,
          ...(model !== undefined && { model: selectionOf(model) }),
          ...confirmOf(confirm),
          ...(skipContext === true && { skipContext }),
          ...(preRetry !== undefined && { preRetryId: preRetry }),
          ...(lost !== undefined && { lostId: lost }),
          ...(onChange === true && { onModelChange: 'replace' as const }),
        },
        ...(key !== undefined && { idempotencyKey: key }),
      });
      return {
        session: body.session.sessionId,
        generation: body.session.generation,
        process: body.processId,
        seq: body.seq,
        action: body.action,
        passed: body.passedSessionId,
        reason: body.reason,
        replaced: refOrNull(body.replaced),
      };
    },
  };
};

const named = ({ slot, session, generation, process }: Work) => ({
  ...(slot !== undefined && { slot }),
  session,
  generation,
  process,
});
const paramsOf = ({ session, process }: Work) => ({ sessionId: session, processId: process });

export const heartbeat = (work: Work): Sending => ({
  kind: 'heartbeat',
  route: 'heartbeat',
  ...named(work),
  send: async (client) => {
    const { body } = await client.heartbeat({ params: paramsOf(work), body: { generation: work.generation } });
    return { outcome: body.outcome, why: body.why };
  },
});

export const logs = (key: string | undefined, work: Work, lines: readonly string[]): Sending => ({
  kind: 'logs',
  route: 'appendLogs',
  ...(key !== undefined && { key }),
  ...named(work),
  asked: { lines },
  send: async (client) => ({
    appended: (
      await client.appendLogs({
        params: paramsOf(work),
        query: { generation: work.generation },
        lines: lines.map((line) => ({ line })),
        ...(key !== undefined && { idempotencyKey: key }),
      })
    ).body.appended,
  }),
});

const usageBody = ([inputTokens, outputTokens, turns, costUsdMicros]: Usage) => ({
  inputTokens,
  outputTokens,
  turns,
  costUsdMicros,
});

export const usage = (work: Work, used: Usage): Sending => ({
  kind: 'usage',
  route: 'recordUsage',
  ...named(work),
  asked: { usage: used },
  send: async (client) => {
    await client.recordUsage({ params: paramsOf(work), body: usageBody(used) });
    return {};
  },
});

export const tellAgentSession = (work: Work, agentId: string): Sending => ({
  kind: 'agent-session',
  route: 'reportAgentSession',
  ...named(work),
  asked: { agentId },
  send: async (client) => {
    await client.reportAgentSession({
      params: paramsOf(work),
      body: { generation: work.generation, agentSessionId: agentId },
    });
    return {};
  },
});

export type Ending = {
  readonly ending: 'completed' | 'failed' | 'killed';
  readonly usage?: Usage;
  readonly agentId?: string;
};

export const finish = (work: Work, asked: Ending): Sending => ({
  kind: 'finish',
  route: 'finishTurn',
  ...named(work),
  asked,
  send: async (client) => {
    const { body } = await client.finishTurn({
      params: paramsOf(work),
      body: {
        generation: work.generation,
        ending: asked.ending,
        ...(asked.usage && { usage: usageBody(asked.usage) }),
        ...(asked.agentId !== undefined && { agentSessionId: asked.agentId }),
      },
    });
    return { outcome: body.replaced ? 'replaced' : 'finished' };
  },
});
