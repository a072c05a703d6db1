import {
  agentId,
  allSessions,
  aStart,
  aTurn,
  begin,
  confirmed,
  createTestDatabase,
  createWorld,
  lockedBy,
  OPUS,
  runTurn,
  SONNET,
  sessionOf,
  shown,
  startedOf,
  tokenOf,
  type World,
} from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OpenGuard, openGuard } from '../../src/open-guard.ts';
import { type AnswerLosingProxy, answerLosingProxy } from './answer-losing-proxy.ts';

let resources: AsyncDisposableStack;
let databaseUrl: string;
let proxy: AnswerLosingProxy;
let steady: OpenGuard;
let world: World;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  databaseUrl = database.url;
  proxy = resources.use(await answerLosingProxy(databaseUrl));
  steady = resources.use(await openGuard({ databaseUrl, invalidation: 'memory' }));
  world = await createWorld(steady);
});
afterEach(() => resources.disposeAsync());

/** A guard that connects through the proxy; all others connect directly. */
const unlucky = async (strategy: string): Promise<OpenGuard> =>
  resources.use(await openGuard({ databaseUrl: proxy.url, invalidation: 'memory', ...lockedBy(strategy) }));

const opus = { agent: 'claude-code', model: OPUS } as const;
const live = (sessions: Awaited<ReturnType<typeof allSessions>>) =>
  sessions.filter(({ deletedAt }) => deletedAt === null);

describe.each(['pessimistic', 'optimistic'])(
  'when the answer to a commit is lost (%s), the call returns what was committed:',
  (strategy) => {
    test('a start that creates a session', async () => {
      const guard = await unlucky(strategy);
      const taskId = await world.task();
      const lost = proxy.loseAnswerTo('open_session');
      const outcome = await guard.start(aStart(taskId));
      await lost;
      expect(outcome).toMatchObject({ kind: 'created' });
      expect(await allSessions(steady, taskId)).toMatchObject([{ id: sessionOf(outcome).id }]);
    });

    test('a start that replaces a session', async () => {
      const guard = await unlucky(strategy);
      const taskId = await world.task();
      const first = await begin(steady, aStart(taskId));
      const lost = proxy.loseAnswerTo('open_session');
      const outcome = await guard.start(aStart(taskId, OPUS, confirmed(shown(first))));
      await lost;
      expect(outcome).toMatchObject({ kind: 'replaced', predecessor: shown(first) });
      expect(await allSessions(steady, taskId)).toHaveLength(2);
    });

    test('a turn that resumes the conversation', async () => {
      const guard = await unlucky(strategy);
      const taskId = await world.task();
      const session = await begin(steady, aStart(taskId));
      const attemptId = await world.attempt(taskId);
      await runTurn(steady, aTurn(session, attemptId), 'the conversation');
      const lost = proxy.loseAnswerTo('begin_turn');
      const turn = await guard.startTurn(aTurn(session, attemptId));
      await lost;
      expect(turn).toMatchObject({
        kind: 'started',
        action: 'CodingAgentFollowUpRequest',
        passedSessionId: 'the conversation',
      });
      expect(await steady.processes(session.id)).toHaveLength(2);
    });

    test('a turn that begins a fresh conversation', async () => {
      const guard = await unlucky(strategy);
      const taskId = await world.task();
      const session = await begin(steady, aStart(taskId));
      const attemptId = await world.attempt(taskId);
      await runTurn(steady, aTurn(session, attemptId), 'the conversation');
      const lost = proxy.loseAnswerTo('begin_turn');
      const turn = await guard.startTurn(aTurn(session, attemptId, { model: opus, onModelChange: 'replace' }));
      await lost;
      expect(turn).toMatchObject({ kind: 'started', action: 'CodingAgentInitialRequest', replaced: shown(session) });
      expect(live(await allSessions(steady, taskId))).toMatchObject([{ id: startedOf(turn).session.sessionId }]);
      await steady.finishTurn({ ...tokenOf(startedOf(turn)), ending: 'completed', agentSessionId: agentId('another') });
    });

    test('a bulk start', async () => {
      const guard = await unlucky(strategy);
      const [empty, taken] = [await world.task(), await world.task()];
      const first = await begin(steady, aStart(taken));
      const lost = proxy.loseAnswerTo('open_sessions');
      const outcomes = await guard.bulkStart([aStart(empty), aStart(taken, OPUS, confirmed(shown(first)))]);
      await lost;
      expect(outcomes).toMatchObject([{ kind: 'created' }, { kind: 'replaced', predecessor: shown(first) }]);
      expect([await allSessions(steady, empty), await allSessions(steady, taken)].map(({ length }) => length)).toEqual([
        1, 2,
      ]);
    });

    test('a deletion', async () => {
      const guard = await unlucky(strategy);
      const taskId = await world.task();
      const session = await begin(steady, aStart(taskId, SONNET));
      const lost = proxy.loseAnswerTo('delete_session');
      await guard.softDelete({ sessionId: session.id });
      await lost;
      expect(live(await allSessions(steady, taskId))).toEqual([]);
    });
  },
);
