import { ERRORS, NOTICES, parseAttemptId, parseSessionId } from '@phaselock/core';
import { createLogger } from '@phaselock/telemetry';
import {
  agentId,
  allSessions,
  aStart,
  aTurn,
  begin,
  lockedBy,
  OPUS,
  openTestGuard,
  runTurn,
  SONNET,
  SONNET_NEXT,
  shown,
  startedOf,
  stopAt,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GuardedSession } from './start-outcome.ts';

const SONNET_DEF = { agent: 'claude-code', variant: 'SONNET_DEF' } as const;
const NEXT = { agent: 'claude-code', variant: 'SONNET_NEXT' } as const;
const DEFAULT = { agent: 'claude-code', variant: 'DEFAULT' } as const;

type Line = { readonly message?: unknown; readonly task_attempt_id?: unknown };

describe.each(['pessimistic', 'optimistic'])('a turn, %s', (strategy) => {
  const lines: Line[] = [];
  let scene: TestGuard;
  let conversations = 0;
  const conversation = (): string => {
    conversations += 1;
    return `${strategy} conversation ${conversations}`;
  };

  beforeAll(async () => {
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
    const logger = createLogger({
      service: 'phaselock',
      version: '0.0.0',
      environment: 'test',
      level: 'info',
      destination,
    });
    scene = await openTestGuard({ ...lockedBy(strategy), logger });
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  async function inSession(model: object = SONNET_DEF) {
    const taskId = await scene.world.task();
    const attemptId = await scene.world.attempt(taskId);
    const session = await begin(scene.guard, aStart(taskId, SONNET, { model: { ...SONNET_DEF, ...model } }));
    return { taskId, attemptId, session };
  }

  const modelChanges = (attemptId: string): Line[] =>
    lines.filter((line) => line.message === NOTICES.model_changed_log && line.task_attempt_id === attemptId);

  const processRows = async ({ id }: Pick<GuardedSession, 'id'>) =>
    (await scene.guard.processes(id)).map(({ action, passed_session_id, reason, status }) => ({
      action,
      passed_session_id,
      reason,
      status,
    }));

  describe('as specified', () => {
    test('is Initial with null as the first of a session', async () => {
      const { attemptId, session } = await inSession();
      const turn = startedOf(await scene.guard.startTurn(aTurn(session, attemptId)));
      expect(turn).toMatchObject({
        session: shown(session),
        seq: 1,
        action: 'CodingAgentInitialRequest',
        passedSessionId: null,
        reason: 'first',
        replaced: null,
        handoff: null,
      });
      expect(await processRows(session)).toEqual([
        { action: 'CodingAgentInitialRequest', passed_session_id: null, reason: 'first', status: 'running' },
      ]);
      expect(await scene.guard.session(session.id)).toMatchObject({ status: 'running' });
    });

    test('with the same model is a FollowUp with the previous id, and logs no model change', async () => {
      const { attemptId, session } = await inSession();
      const id = conversation();
      await runTurn(scene.guard, aTurn(session, attemptId), id);
      await runTurn(scene.guard, aTurn(session, attemptId, { model: SONNET_DEF }), `${id}, continued`);
      await runTurn(scene.guard, aTurn(session, attemptId), `${id}, ended`);
      const followUp = { action: 'CodingAgentFollowUpRequest', reason: 'same-model', status: 'completed' };
      expect(await processRows(session)).toEqual([
        { action: 'CodingAgentInitialRequest', passed_session_id: null, reason: 'first', status: 'completed' },
        { ...followUp, passed_session_id: id },
        { ...followUp, passed_session_id: `${id}, continued` },
      ]);
      expect(modelChanges(attemptId)).toEqual([]);
    });

    test('with a changed model opens a session that begins as Initial with null, and logs the change', async () => {
      const { taskId, attemptId, session } = await inSession();
      await runTurn(scene.guard, aTurn(session, attemptId), conversation());
      const turn = aTurn(session, attemptId, { model: DEFAULT, onModelChange: 'replace', actor: 'ada' });
      const fresh = startedOf(await scene.guard.startTurn(turn));
      expect(fresh).toMatchObject({
        action: 'CodingAgentInitialRequest',
        passedSessionId: null,
        reason: 'model-changed',
        replaced: shown(session),
        session: { generation: 2 },
        seq: 2,
      });
      expect(await processRows({ id: fresh.session.sessionId })).toEqual([
        { action: 'CodingAgentInitialRequest', passed_session_id: null, reason: 'model-changed', status: 'running' },
      ]);
      expect(await scene.guard.session(session.id)).toMatchObject({
        deletedReason: 'model-changed',
        replacedBy: fresh.session.sessionId,
      });
      expect(await allSessions(scene.guard, taskId)).toHaveLength(2);
      expect(modelChanges(attemptId)).toMatchObject([
        {
          'log.level': 'info',
          task_attempt_id: attemptId,
          previous_variant: 'SONNET_DEF',
          current_variant: 'DEFAULT',
          message: 'Model changed between sessions, starting fresh to avoid context incompatibility',
        },
      ]);
    });

    test('logs once, as the first of a session, that the start changed the model', async () => {
      const { taskId, attemptId, session } = await inSession();
      await runTurn(scene.guard, aTurn(session, attemptId), conversation());
      const start = aStart(taskId, OPUS, { model: DEFAULT, say: { kind: 'replace', shown: shown(session) } });
      const successor = await begin(scene.guard, start);
      expect(modelChanges(attemptId)).toEqual([]);
      await runTurn(scene.guard, aTurn(successor, attemptId), conversation());
      await runTurn(scene.guard, aTurn(successor, attemptId), conversation());
      expect(modelChanges(attemptId)).toMatchObject([
        { previous_variant: 'SONNET_DEF', current_variant: 'DEFAULT', task_attempt_id: attemptId },
      ]);
    });

    test('with skipContext opens a session that begins as Initial with null, whatever the model', async () => {
      const { attemptId, session } = await inSession();
      await runTurn(scene.guard, aTurn(session, attemptId), conversation());
      const same = startedOf(await scene.guard.startTurn(aTurn(session, attemptId, { skipContext: true })));
      expect(same).toMatchObject({
        action: 'CodingAgentInitialRequest',
        passedSessionId: null,
        reason: 'user-request',
        replaced: shown(session),
      });
      expect(await scene.guard.session(session.id)).toMatchObject({ deletedReason: 'user-request' });
      expect(modelChanges(attemptId)).toEqual([]);
      await scene.guard.finishTurn({ ...tokenOf(same), ending: 'completed', agentSessionId: agentId(conversation()) });
      const { sessionId, generation } = same.session;
      const other = await scene.guard.startTurn({
        sessionId,
        generation,
        attemptId,
        skipContext: true,
        model: DEFAULT,
      });
      expect(other).toMatchObject({ action: 'CodingAgentInitialRequest', reason: 'model-changed' });
      expect(modelChanges(attemptId)).toHaveLength(1);
    });
  });

  describe('with another model', () => {
    test('asks and writes nothing', async () => {
      const { attemptId, session } = await inSession();
      await runTurn(scene.guard, aTurn(session, attemptId), conversation());
      const before = await scene.guard.session(session.id);
      expect(await scene.guard.startTurn(aTurn(session, attemptId, { model: DEFAULT }))).toMatchObject({
        kind: 'ask',
        question: 'replace',
        shown: shown(session),
        text: ERRORS.replace_confirmation_required.text,
      });
      expect(await scene.guard.session(session.id)).toEqual(before);
      expect(modelChanges(attemptId)).toEqual([]);
    });

    test('replaces the session once confirmed, and stores the handoff', async () => {
      const { attemptId, session } = await inSession();
      await runTurn(scene.guard, aTurn(session, attemptId), conversation());
      const say = { kind: 'replace', shown: shown(session) } as const;
      const handoff = { summary: 'where we were' };
      const fresh = startedOf(await scene.guard.startTurn(aTurn(session, attemptId, { model: DEFAULT, say, handoff })));
      expect(fresh).toMatchObject({ reason: 'model-changed', handoff: 'where we were' });
      expect(await scene.guard.session(fresh.session.sessionId)).toMatchObject({ handoff: 'where we were' });
    });

    test('refuses a confirmation that names another session, and a handoff without a replacement', async () => {
      const { attemptId, session } = await inSession();
      const { session: other } = await inSession();
      const say = { kind: 'replace', shown: shown(other) } as const;
      expect(await scene.guard.startTurn(aTurn(session, attemptId, { model: DEFAULT, say }))).toMatchObject({
        kind: 'refused',
        code: 'session_moved_on',
        asks: { question: 'replace', shown: shown(session), warning: NOTICES.replace_warning },
      });
      const handoff = { summary: 'where we were' };
      await expect(scene.guard.startTurn(aTurn(session, attemptId, { handoff }))).rejects.toMatchObject({
        code: 'invalid_request',
      });
    });

    test('of another minor version asks, and keeps the conversation if the caller says keep', async () => {
      const { attemptId, session } = await inSession();
      const id = conversation();
      await runTurn(scene.guard, aTurn(session, attemptId), id);
      expect(await scene.guard.startTurn(aTurn(session, attemptId, { model: NEXT }))).toMatchObject({
        kind: 'ask',
        question: 'keep-or-replace',
      });
      const kept = await scene.guard.startTurn(aTurn(session, attemptId, { model: NEXT, say: { kind: 'keep' } }));
      expect(kept).toMatchObject({ action: 'CodingAgentFollowUpRequest', passedSessionId: id, reason: 'same-model' });
    });

    test('that was deleted is refused', async () => {
      await using own = await openTestGuard(lockedBy(strategy));
      const taskId = await own.world.task();
      const attemptId = await own.world.attempt(taskId);
      const session = await begin(own.guard, aStart(taskId, OPUS));
      await own.guard.deleteModel('claude-code', OPUS);
      expect(await own.guard.startTurn(aTurn(session, attemptId))).toMatchObject({
        kind: 'refused',
        code: 'model_missing',
      });
    });
  });

  describe('is compared with the process that made the id', () => {
    test('that a retry names, not with the latest process', async () => {
      const { attemptId, session } = await inSession();
      const [first, second] = [conversation(), conversation()];
      await runTurn(scene.guard, aTurn(session, attemptId), first);
      await runTurn(scene.guard, aTurn(session, attemptId, { model: NEXT, say: { kind: 'keep' } }), second);
      const backTo = { preRetryId: agentId(first), model: SONNET_DEF };
      const retried = await scene.guard.startTurn(aTurn(session, attemptId, backTo));
      expect(retried).toMatchObject({ action: 'CodingAgentFollowUpRequest', passedSessionId: first });
    });

    test('whose variant the log line names', async () => {
      const { attemptId, session } = await inSession();
      await runTurn(scene.guard, aTurn(session, attemptId), conversation());
      await runTurn(scene.guard, aTurn(session, attemptId, { model: NEXT, say: { kind: 'keep' } }), conversation());
      await scene.guard.startTurn(aTurn(session, attemptId, { model: DEFAULT, onModelChange: 'replace' }));
      expect(modelChanges(attemptId)).toMatchObject([{ previous_variant: 'SONNET_NEXT', current_variant: 'DEFAULT' }]);
    });

    test('if there is one, and asks if the id was never recorded', async () => {
      const { attemptId, session } = await inSession();
      await runTurn(scene.guard, aTurn(session, attemptId), conversation());
      const turn = aTurn(session, attemptId, { preRetryId: agentId('never recorded') });
      expect(await scene.guard.startTurn(turn)).toMatchObject({ kind: 'ask', question: 'keep-or-replace' });
    });

    test('after which a retry drops the later processes', async () => {
      const { attemptId, session } = await inSession();
      const [first, second, third] = [conversation(), conversation(), conversation()];
      for (const id of [first, second, third]) await runTurn(scene.guard, aTurn(session, attemptId), id);
      const branch = conversation();
      await runTurn(scene.guard, aTurn(session, attemptId, { preRetryId: agentId(first) }), branch);
      expect((await scene.guard.processes(session.id)).map(({ dropped }) => dropped)).toEqual([
        false,
        true,
        true,
        false,
      ]);
      const next = await scene.guard.startTurn(aTurn(session, attemptId));
      expect(next).toMatchObject({ passedSessionId: branch, seq: 5 });
    });
  });

  describe('when its conversation id', () => {
    test('is lost, begins a fresh conversation without a question', async () => {
      const { attemptId, session } = await inSession();
      const id = conversation();
      await runTurn(scene.guard, aTurn(session, attemptId), id);
      const fresh = await scene.guard.startTurn(aTurn(session, attemptId, { lostId: agentId(id) }));
      expect(fresh).toMatchObject({
        action: 'CodingAgentInitialRequest',
        passedSessionId: null,
        reason: 'session-invalid',
        replaced: shown(session),
      });
    });

    test('is reported lost by the process that resumed it, never resumes it again', async () => {
      const { attemptId, session } = await inSession();
      await runTurn(scene.guard, aTurn(session, attemptId), conversation());
      const resumed = startedOf(await scene.guard.startTurn(aTurn(session, attemptId)));
      await scene.guard.finishTurn({ ...tokenOf(resumed), ending: 'failed', lostAgentSession: true });
      const [maker] = await scene.guard.processes(session.id);
      expect(maker).toMatchObject({ invalidated: true });
      expect(await scene.guard.startTurn(aTurn(session, attemptId))).toMatchObject({
        action: 'CodingAgentInitialRequest',
        reason: 'session-invalid',
      });
    });

    test('was never reported, begins a fresh conversation in a new session', async () => {
      const { attemptId, session } = await inSession();
      const first = startedOf(await scene.guard.startTurn(aTurn(session, attemptId)));
      await scene.guard.finishTurn({ ...tokenOf(first), ending: 'failed', exitCode: 1 });
      expect(await scene.guard.startTurn(aTurn(session, attemptId))).toMatchObject({
        action: 'CodingAgentInitialRequest',
        reason: 'session-invalid',
        replaced: shown(session),
      });
    });

    test('was reported before a crash, resumes it', async () => {
      const { attemptId, session } = await inSession();
      const id = conversation();
      const first = startedOf(await scene.guard.startTurn(aTurn(session, attemptId)));
      await scene.guard.reportAgentSession(tokenOf(first), agentId(id));
      await scene.guard.finishTurn({ ...tokenOf(first), ending: 'killed' });
      expect(await scene.guard.session(session.id)).toMatchObject({ agentSessionId: id });
      expect(await scene.guard.startTurn(aTurn(session, attemptId))).toMatchObject({ passedSessionId: id });
    });

    test('belongs to another session, cannot report it', async () => {
      const one = await inSession();
      const two = await inSession();
      const id = conversation();
      await runTurn(scene.guard, aTurn(one.session, one.attemptId), id);
      const turn = startedOf(await scene.guard.startTurn(aTurn(two.session, two.attemptId)));
      const taken = { code: 'agent_session_taken' };
      await expect(scene.guard.reportAgentSession(tokenOf(turn), agentId(id))).rejects.toMatchObject(taken);
      const finish = { ...tokenOf(turn), ending: 'completed', agentSessionId: agentId(id) } as const;
      await expect(scene.guard.finishTurn(finish)).rejects.toMatchObject(taken);
    });
  });

  describe('in more than one attempt', () => {
    test('of a task resumes the latest conversation, with sequence numbers in order', async () => {
      const { taskId, attemptId, session } = await inSession();
      for (const id of [conversation(), conversation(), conversation()])
        await runTurn(scene.guard, aTurn(session, attemptId), id);
      const second = await scene.world.attempt(taskId);
      const last = conversation();
      await runTurn(scene.guard, aTurn(session, second), last);
      const next = startedOf(await scene.guard.startTurn(aTurn(session, second)));
      expect(next).toMatchObject({ passedSessionId: last });
      const seqs = (await scene.guard.processes(session.id)).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
      expect(new Set(seqs).size).toBe(seqs.length);
    });
  });

  describe('is refused', () => {
    test('in an unknown session', async () => {
      const { attemptId, session } = await inSession();
      const sessionId = parseSessionId('00000000-0000-7000-8000-000000000000');
      if (sessionId === undefined) throw new Error('not a session id');
      const turn = { ...aTurn(session, attemptId), sessionId };
      await expect(scene.guard.startTurn(turn)).rejects.toMatchObject({ code: 'session_not_found' });
    });

    test('in an unknown attempt, and in an attempt of another task', async () => {
      const { session } = await inSession();
      const nobodys = parseAttemptId('00000000-0000-7000-8000-000000000000');
      const { attemptId: others } = await inSession();
      for (const attemptId of [nobodys, others]) {
        if (attemptId === undefined) throw new Error('not an attempt id');
        await expect(scene.guard.startTurn(aTurn(session, attemptId))).rejects.toMatchObject({
          code: 'attempt_not_found',
        });
      }
      expect(await scene.guard.session(session.id)).toMatchObject({ status: 'ready', version: 1 });
    });

    test('when its caller has already disconnected', async () => {
      const { attemptId, session } = await inSession();
      const turn = aTurn(session, attemptId, { signal: AbortSignal.abort() });
      await expect(scene.guard.startTurn(turn)).rejects.toMatchObject({ code: 'request_aborted' });
      expect(await scene.guard.processes(session.id)).toEqual([]);
    });

    test('while another turn runs, also when both begin at once', async () => {
      const { attemptId, session } = await inSession();
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, () => scene.guard.startTurn(aTurn(session, attemptId))),
      );
      expect(outcomes.filter(({ kind }) => kind === 'started')).toHaveLength(1);
      for (const outcome of outcomes.filter(({ kind }) => kind === 'refused')) {
        expect(outcome).toMatchObject({ code: 'turn_running', text: ERRORS.turn_running.text });
      }
      expect(await scene.guard.processes(session.id)).toHaveLength(1);
    });
  });

  test('that loses the race to replace its session is refused with stale_generation', async () => {
    const stop = stopAt();
    const held = await scene.another({ racepoint: stop.racepoint });
    const { attemptId, session, taskId } = await inSession();
    await runTurn(scene.guard, aTurn(session, attemptId), conversation());
    const fresh = aTurn(session, attemptId, { skipContext: true });
    const { reached, goOn } = stop.arm('turn:decided');
    const late = held.startTurn(fresh);
    await reached;
    expect(await scene.guard.startTurn(fresh)).toMatchObject({ kind: 'started' });
    goOn();
    expect(await late).toMatchObject({ kind: 'refused', code: 'stale_generation' });
    expect(await allSessions(scene.guard, taskId)).toHaveLength(2);
  });

  test('outside the guard leaves the old session live and opens one beside it', async () => {
    const taskId = await scene.world.task();
    const attemptId = await scene.world.attempt(taskId);
    const session = await begin(scene.guard, aStart(taskId, SONNET_NEXT, { guarded: false }));
    await runTurn(scene.guard, aTurn(session, attemptId), conversation());
    const fresh = startedOf(await scene.guard.startTurn(aTurn(session, attemptId, { skipContext: true })));
    expect(fresh).toMatchObject({ session: { generation: 0 }, replaced: null, reason: 'user-request' });
    expect((await allSessions(scene.guard, taskId)).filter(({ deletedAt }) => deletedAt === null)).toHaveLength(2);
  });
});
