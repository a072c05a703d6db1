import { ApiProblem, type Client, createClient } from '@phaselock/contract';
import {
  type Generation,
  PhaselockError,
  parseAgentSessionId,
  parseGeneration,
  parseProcessId,
  parseSessionId,
  type SessionId,
  type ShownSession,
} from '@phaselock/core';
import type { BulkItem, IdempotencyKey, Start, StartTurn } from '@phaselock/guard';
import type { Calls, Settings, StartAnswer, TurnAnswer } from '../../../../packages/audit/test/random-history/board.ts';
import type { TestApi } from '../open-test-api.ts';

type Problem = ApiProblem['problem'];

/** The calls of one client of a random history, sent to the API. What the API does not offer is called directly. */
export function callsOverHttp({ api, key, call }: TestApi, settings: Settings): Calls {
  const client = createClient({ baseUrl: api.url, key });
  const { guard } = api;
  let flag: boolean | undefined;
  /** The API decides by a flag whether a start is guarded. */
  const applyFlag = async (): Promise<void> => {
    if (flag === settings.guardOn) return;
    flag = settings.guardOn;
    await call('PUT', '/v1/admin/flags/single_session_guard', { body: { enabled: flag } });
  };
  return {
    addAttempt: guard.addAttempt,
    addModel: guard.addModel,
    addTask: guard.addTask,
    bulkDelete: guard.bulkDelete,
    deleteAttempt: guard.deleteAttempt,
    deleteTask: guard.deleteTask,
    editModel: guard.editModel,
    editProfile: guard.editProfile,
    removeModel: guard.removeModel,
    async start(request) {
      await applyFlag();
      return await asked(async () => startAnswer((await client.startSession(startSent(request))).body));
    },
    async bulkStart(items, { idempotencyKey }) {
      await applyFlag();
      const { body } = await asRefusal(() =>
        client.startMany({ body: { items: items.map(itemOf) }, ...keyOf(idempotencyKey) }),
      );
      return body.results.map(({ answer, problem }) =>
        answer === null
          ? (question(problem) ?? { kind: 'failed', code: problem?.code ?? 'unexpected' })
          : startAnswer(answer),
      );
    },
    async beginStandalone({ taskId, phase, mode, model, milestoneId, idempotencyKey }) {
      const { body } = await asRefusal(() =>
        client.beginStandalone({
          body: { taskId, phase, mode, model, ...(milestoneId !== undefined && { milestoneId }) },
          ...keyOf(idempotencyKey),
        }),
      );
      return refOf(body);
    },
    startTurn: (request) => turnAnswer(client, request),
    ...reportsOver(client),
    closeSession: async ({ sessionId, generation, how }) => {
      // The API only offers to stop a session.
      if (how !== 'stop') return await guard.closeSession({ sessionId, generation, how });
      return await asRefusal(() => client.stopSession({ params: { sessionId }, body: { generation } }));
    },
    softDelete: async ({ sessionId, seenVersion }) => {
      await asRefusal(() =>
        client.deleteSession({
          params: { sessionId },
          ...(seenVersion !== undefined && { ifMatch: `"${seenVersion}"` }),
        }),
      );
    },
    recordFeedback: async ({ sessionId, rating, comment, idempotencyKey }) => {
      await asRefusal(() =>
        client.giveFeedback({
          params: { sessionId },
          body: { rating, ...(comment !== undefined && { comment }) },
          ...keyOf(idempotencyKey),
        }),
      );
    },
  };
}

/** What a runner reports about its process. */
const reportsOver = (
  client: Client,
): Pick<Calls, 'heartbeat' | 'reportAgentSession' | 'appendLogs' | 'recordUsage' | 'finishTurn'> => ({
  heartbeat: async ({ sessionId, processId, generation }) => {
    const { body } = await asRefusal(() =>
      client.heartbeat({ params: { sessionId, processId }, body: { generation } }),
    );
    return body.outcome === 'stop' ? { kind: 'stop', why: body.why ?? 'unknown' } : { kind: 'continue' };
  },
  reportAgentSession: async ({ sessionId, processId, generation }, agentSessionId) => {
    await asRefusal(() =>
      client.reportAgentSession({ params: { sessionId, processId }, body: { generation, agentSessionId } }),
    );
  },
  appendLogs: async ({ sessionId, processId, generation }, lines, { idempotencyKey } = {}) => {
    await asRefusal(() =>
      client.appendLogs({ params: { sessionId, processId }, query: { generation }, lines, ...keyOf(idempotencyKey) }),
    );
  },
  recordUsage: async ({ sessionId, processId }, usage) => {
    await asRefusal(() => client.recordUsage({ params: { sessionId, processId }, body: usage }));
  },
  finishTurn: async ({ sessionId, processId, generation, actor: _, ...finish }) => {
    const { body } = await asRefusal(() =>
      client.finishTurn({ params: { sessionId, processId }, body: { generation, ...finish } }),
    );
    return body;
  },
});

const keyOf = (key: IdempotencyKey | undefined) => (key === undefined ? {} : { idempotencyKey: key.key });

const itemOf = ({ taskId, phase, mode, model, say }: BulkItem) => ({
  taskId,
  phase,
  mode,
  model,
  ...(say !== undefined && say.kind !== 'nothing' && { confirm: say }),
});

const startSent = (request: Start) => ({
  body: {
    ...itemOf(request),
    ...(request.handoff !== undefined && { handoff: request.handoff }),
    ...(request.milestoneId !== undefined && { milestoneId: request.milestoneId }),
  },
  ...keyOf(request.idempotencyKey),
});

async function turnAnswer(client: Client, request: StartTurn): Promise<TurnAnswer> {
  const { sessionId, say, idempotencyKey, actor: _, mayReplace: __, signal: ___, ...turn } = request;
  const confirm = say !== undefined && say.kind !== 'nothing' ? { confirm: say } : {};
  return await asked<TurnAnswer>(async () => {
    const { body } = await client.startTurn({
      params: { sessionId },
      body: { ...turn, ...confirm },
      ...keyOf(idempotencyKey),
    });
    return {
      kind: 'started',
      session: shownOf(body.session),
      processId: known(parseProcessId(body.processId)),
      seq: body.seq,
      action: body.action,
      passedSessionId: body.passedSessionId === null ? null : known(parseAgentSessionId(body.passedSessionId)),
      replaced: body.replaced === null ? null : shownOf(body.replaced),
    };
  });
}

function known<Id>(id: Id | undefined): Id {
  if (id === undefined) throw new TypeError('the API answered with an id of another form');
  return id;
}

type Ref = { readonly id: string; readonly generation: number };
const refOf = ({ id, generation }: Ref): { readonly id: SessionId; readonly generation: Generation } => ({
  id: known(parseSessionId(id)),
  generation: known(parseGeneration(generation)),
});
const shownOf = ({
  sessionId,
  generation,
}: {
  readonly sessionId: string;
  readonly generation: number;
}): ShownSession => ({
  sessionId: known(parseSessionId(sessionId)),
  generation: known(parseGeneration(generation)),
});

type Answered = {
  readonly outcome: string;
  readonly session: Ref;
  readonly predecessor: Parameters<typeof shownOf>[0] | null;
};
const startAnswer = ({ outcome, session, predecessor }: Answered): StartAnswer => ({
  kind: outcome,
  session: refOf(session),
  ...(predecessor !== null && { predecessor: shownOf(predecessor) }),
});

type Question = { readonly kind: 'ask'; readonly question: string; readonly shown?: ShownSession };

/** A question is a problem with the session that was shown. */
function question(problem: Problem | null): Question | undefined {
  if (problem?.question === undefined) return undefined;
  const shown = problem.confirm?.shown;
  return { kind: 'ask', question: problem.question, ...(shown !== undefined && { shown: shownOf(shown) }) };
}

async function asRefusal<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await send();
  } catch (error) {
    throw error instanceof ApiProblem ? new PhaselockError(error.code, { detail: error.message }) : error;
  }
}

async function asked<Answer>(send: () => Promise<Answer>): Promise<Answer | Question> {
  try {
    return await send();
  } catch (error) {
    const asks = error instanceof ApiProblem ? question(error.problem) : undefined;
    if (asks !== undefined) return asks;
    return await asRefusal<never>(() => Promise.reject(error));
  }
}
