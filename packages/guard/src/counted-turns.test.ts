import {
  aStart,
  aTurn,
  begin,
  confirmed,
  type GuardedSession,
  holdSlot,
  lockedBy,
  metricChanges,
  OPUS,
  openTestGuard,
  replaceBy,
  runTurn,
  SONNET,
  SONNET_NEXT,
  shown,
  startedOf,
  stopAt,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerLosingProxy } from '../test/network/answer-losing-proxy.ts';
import type { OpenGuard } from './open-guard.ts';

const opus = { agent: 'claude-code', model: OPUS } as const;

const turned = (decision: string) => `phaselock_turns_total{decision="${decision}"}`;
const attempted = (outcome: string, cohort = 'treatment') =>
  `phaselock_session_replacement_attempts_total{outcome="${outcome}",cohort="${cohort}"}`;
const failed = (code: string, cohort = 'treatment') => `phaselock_errors_total{code="${code}",cohort="${cohort}"}`;
const started = (outcome: string, cohort = 'treatment') =>
  `phaselock_session_starts_total{outcome="${outcome}",phase="run",mode="standard",cohort="${cohort}"}`;

const REPLACED = {
  [turned('fresh')]: 1,
  [started('replaced')]: 1,
  [attempted('replaced')]: 1,
  'phaselock_session_replacements_total{reason="model-changed"}': 1,
  'phaselock_session_replacement_seconds_count{cohort="treatment"}': 1,
};

const changes = (guard: OpenGuard, work: () => Promise<unknown>) =>
  metricChanges(
    guard,
    ['session_starts', 'session_replacement', 'session_questions', 'errors', 'unguarded', 'turns_total'],
    work,
  );

describe.each(['pessimistic', 'optimistic', 'redis'])('turn metrics, %s', (strategy) => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard(lockedBy(strategy));
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  /** A session whose conversation has begun, so that another model needs another conversation. */
  async function aConversation(more = {}) {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await begin(guard, aStart(taskId, SONNET, more));
    await runTurn(guard, aTurn(session, attemptId), `conversation of ${taskId}`);
    return { session, attemptId, turn: aTurn(session, attemptId) };
  }

  const leaving = (session: GuardedSession) => ({ model: opus, ...confirmed(shown(session)) });

  test('count a turn by its decision, and a question by its code', async () => {
    const { guard } = scene;
    const { turn } = await aConversation();
    expect(await changes(guard, () => guard.startTurn({ ...turn, model: opus }))).toEqual({
      [turned('asked')]: 1,
      'phaselock_session_questions_total{question="replace_confirmation_required",cohort="treatment"}': 1,
    });
    const next = { agent: 'claude-code', model: SONNET_NEXT } as const;
    expect(await changes(guard, () => guard.startTurn({ ...turn, model: next }))).toEqual({
      [turned('asked')]: 1,
      'phaselock_session_questions_total{question="keep_or_replace_required",cohort="treatment"}': 1,
    });
    expect(await changes(guard, () => guard.startTurn(turn))).toEqual({ [turned('follow-up')]: 1 });
  });

  test('count one replacement, confirmed or not, also when the answer of the database was lost', async () => {
    const { guard, another, databaseUrl } = scene;
    const confirmedOne = await aConversation();
    const first = { ...confirmedOne.turn, ...leaving(confirmedOne.session) };
    expect(await changes(guard, () => guard.startTurn(first))).toEqual(REPLACED);

    const { turn } = await aConversation();
    const idempotencyKey = { scope: 'ada', key: turn.sessionId, fingerprint: 'turn' };
    const standing = { ...turn, model: opus, onModelChange: 'replace', idempotencyKey } as const;
    expect(await changes(guard, () => guard.startTurn(standing))).toEqual(REPLACED);
    expect(await changes(guard, () => guard.startTurn(standing))).toEqual({});

    const unluckyOne = await aConversation();
    await using proxy = await answerLosingProxy(databaseUrl);
    const unlucky = await another({ databaseUrl: proxy.url });
    await unlucky.current(unluckyOne.session.slot);
    const lost = proxy.loseAnswerTo('begin_turn');
    const again = { ...unluckyOne.turn, ...leaving(unluckyOne.session) };
    expect(await changes(unlucky, () => unlucky.startTurn(again))).toEqual(REPLACED);
    await lost;
  });

  test('count a refused attempt when another call has replaced the session', async () => {
    const { guard, another } = scene;
    const { session, turn } = await aConversation();
    const stop = stopAt();
    const loser = await another({ racepoint: stop.racepoint });
    const { reached, goOn } = stop.arm('turn:decided');
    const late = loser.startTurn({ ...turn, skipContext: true });
    const counted = changes(loser, () => late);
    await reached;
    await replaceBy(guard, aStart(session.slot.taskId, OPUS));
    goOn();
    expect(await late).toMatchObject({ kind: 'refused', code: 'stale_generation' });
    expect(await counted).toEqual({ [turned('refused')]: 1, [attempted('refused')]: 1 });
  });

  test('count moved_on when the confirmation names another session', async () => {
    const { guard } = scene;
    const { turn } = await aConversation();
    const other = await aConversation();
    expect(await changes(guard, () => guard.startTurn({ ...turn, ...leaving(other.session) }))).toEqual({
      [turned('moved_on')]: 1,
      [attempted('moved_on')]: 1,
    });
  });

  test('count predecessor_stopping while the predecessor is stopping', async () => {
    const { guard } = scene;
    const { session, attemptId, turn } = await aConversation();
    startedOf(await guard.startTurn(turn));
    const successor = await replaceBy(guard, aStart(session.slot.taskId, OPUS));
    expect(await changes(guard, () => guard.startTurn(aTurn(successor, attemptId)))).toEqual({
      [turned('predecessor_stopping')]: 1,
    });
  });

  test('count busy when the slot is locked, and failed when the database goes away', async () => {
    const { another, databaseUrl } = scene;
    const { session, turn } = await aConversation();
    const server = await another({ settings: { deadlineMs: 600 } });
    const fresh = { ...turn, skipContext: true };
    {
      await using _holder = await holdSlot(databaseUrl, session.slot);
      expect(await changes(server, () => server.startTurn(fresh).catch(() => undefined))).toEqual({
        [attempted('busy')]: 1,
        [failed('session_being_modified')]: 1,
      });
    }
    const stop = stopAt();
    await using proxy = await answerLosingProxy(databaseUrl);
    const doomed = await another({ databaseUrl: proxy.url, racepoint: stop.racepoint, settings: { deadlineMs: 800 } });
    const { reached, goOn } = stop.arm('turn:decided');
    const inTheMiddle = changes(doomed, () => doomed.startTurn(fresh).catch(() => undefined));
    await reached;
    await proxy[Symbol.asyncDispose]();
    goOn();
    expect(await inTheMiddle).toEqual({ [attempted('failed')]: 1, [failed('backend_unavailable')]: 1 });
    const unread = { ...turn, ...leaving(session) };
    expect(await changes(doomed, () => doomed.startTurn(unread).catch(() => undefined))).toEqual({
      [attempted('failed')]: 1,
      [failed('backend_unavailable', 'none')]: 1,
    });
  });

  test('count a fresh conversation outside the guard as created beside, in the control cohort', async () => {
    const { guard } = scene;
    const { session, turn } = await aConversation({ guarded: false });
    expect(await changes(guard, () => guard.startTurn({ ...turn, ...leaving(session) }))).toEqual({
      [turned('fresh')]: 1,
      [started('created-beside', 'control')]: 1,
      [attempted('beside', 'control')]: 1,
      phaselock_unguarded_starts_total: 1,
    });
  });

  test('count a refused attempt when the caller may not replace sessions', async () => {
    const { guard } = scene;
    const { turn } = await aConversation();
    const mayNot = { ...turn, skipContext: true, mayReplace: false };
    expect(await changes(guard, () => guard.startTurn(mayNot).catch(() => undefined))).toEqual({
      [attempted('refused')]: 1,
      [failed('forbidden')]: 1,
    });
  });
});
