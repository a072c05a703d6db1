import { parseTaskId } from '@phaselock/core';
import {
  aStart,
  begin,
  confirmed,
  eventually,
  type GuardedSession,
  holdSlot,
  lockedBy,
  metricChanges,
  OPUS,
  openTestGuard,
  readMetric,
  SONNET,
  shown,
  stopAt,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerLosingProxy } from '../test/network/answer-losing-proxy.ts';
import type { OpenGuard } from './open-guard.ts';

const HAIKU = 'claude-haiku-4-5';
const LEGACY = { guarded: false } as const;
const NOBODYS_TASK = parseTaskId('00000000-0000-7000-8000-000000000000') ?? never();
function never(): never {
  throw new Error('not a task id');
}

const started = (outcome: string, cohort: string) =>
  `phaselock_session_starts_total{outcome="${outcome}",phase="run",mode="standard",cohort="${cohort}"}`;
const attempted = (outcome: string, cohort: string) =>
  `phaselock_session_replacement_attempts_total{outcome="${outcome}",cohort="${cohort}"}`;
const failed = (code: string, cohort: string) => `phaselock_errors_total{code="${code}",cohort="${cohort}"}`;

const changes = (guard: OpenGuard, work: () => Promise<unknown>) =>
  metricChanges(guard, ['session_starts', 'session_replacement', 'session_questions', 'errors', 'unguarded'], work);

const REPLACED = {
  [started('replaced', 'treatment')]: 1,
  [attempted('replaced', 'treatment')]: 1,
  'phaselock_session_replacements_total{reason="model-changed"}': 1,
  'phaselock_session_replacement_seconds_count{cohort="treatment"}': 1,
};
const FAILED = {
  [started('failed', 'treatment')]: 1,
  [attempted('failed', 'treatment')]: 1,
  [failed('backend_unavailable', 'treatment')]: 1,
};

const replaceWith = (session: GuardedSession, model: string, more = {}) =>
  aStart(session.slot.taskId, model, { ...confirmed(shown(session)), ...more });

describe.each(['pessimistic', 'optimistic', 'redis'])('replacement attempt metrics, %s', (strategy) => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard(lockedBy(strategy));
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  const aSession = async () => await begin(scene.guard, aStart(await scene.world.task()));

  test('count a replacement once, also when the answer of the database was lost', async () => {
    const { guard, another, databaseUrl } = scene;
    const session = await aSession();
    expect(await changes(guard, () => guard.start(replaceWith(session, OPUS)))).toEqual(REPLACED);

    const next = await aSession();
    await using proxy = await answerLosingProxy(databaseUrl);
    const unlucky = await another({ databaseUrl: proxy.url });
    await unlucky.current(next.slot);
    const lost = proxy.loseAnswerTo('open_session');
    expect(await changes(unlucky, () => unlucky.start(replaceWith(next, OPUS)))).toEqual(REPLACED);
    await lost;
  });

  test('count moved_on for a start that loses the race, whatever session it finds', async () => {
    const { guard: winner, another } = scene;
    const stop = stopAt();
    const loser = await another({ racepoint: stop.racepoint });
    for (const { wanted, outcome, answer } of [
      { wanted: HAIKU, outcome: 'moved_on', answer: { kind: 'refused', code: 'session_moved_on' } },
      { wanted: OPUS, outcome: 'existing', answer: { kind: 'existing' } },
    ]) {
      const session = await aSession();
      const { reached, goOn } = stop.arm('start:decided');
      const late = loser.start(replaceWith(session, wanted));
      const counted = changes(loser, () => late);
      await reached;
      await winner.start(replaceWith(session, OPUS));
      goOn();
      expect(await late).toMatchObject(answer);
      expect(await counted).toEqual({
        [started(outcome, 'treatment')]: 1,
        [attempted('moved_on', 'treatment')]: 1,
      });
    }
  });

  test('count busy when another server holds the slot', async () => {
    const { another, databaseUrl } = scene;
    const guard = await another({ settings: { deadlineMs: 600 } });
    const session = await aSession();
    await using _holder = await holdSlot(databaseUrl, session.slot);
    expect(await changes(guard, () => guard.start(replaceWith(session, OPUS)).catch(() => undefined))).toEqual({
      [started('busy', 'treatment')]: 1,
      [attempted('busy', 'treatment')]: 1,
      [failed('session_being_modified', 'treatment')]: 1,
    });
  });

  test('count failed when the database goes away, before the slot is read or later', async () => {
    const { another, databaseUrl } = scene;
    const session = await aSession();
    const stop = stopAt();
    await using proxy = await answerLosingProxy(databaseUrl);
    const guard = await another({
      databaseUrl: proxy.url,
      racepoint: stop.racepoint,
      settings: { deadlineMs: 800 },
    });
    const { reached, goOn } = stop.arm('start:locked');
    const late = guard.start(replaceWith(session, OPUS)).catch(() => undefined);
    const inTheMiddle = changes(guard, () => late);
    await reached;
    await proxy[Symbol.asyncDispose]();
    goOn();
    expect(await inTheMiddle).toEqual(FAILED);
    const before = () => guard.start(replaceWith(session, OPUS)).catch(() => undefined);
    expect(await changes(guard, before)).toEqual(FAILED);
    expect(await changes(guard, () => guard.start(aStart(session.slot.taskId)).catch(() => undefined))).toEqual({
      [started('failed', 'treatment')]: 1,
      [failed('backend_unavailable', 'treatment')]: 1,
    });
  });

  test('count only the failure of a start that continues after its answer', async () => {
    const { another } = scene;
    const stop = stopAt();
    const guard = await another({ racepoint: stop.racepoint, settings: { deadlineMs: 300 } });
    const session = await aSession();
    const { reached, goOn } = stop.arm('start:written');
    const late = guard.start(replaceWith(session, OPUS));
    const counted = changes(guard, async () => {
      await expect(late).rejects.toMatchObject({ code: 'backend_unavailable' });
      goOn();
      await eventually(async () =>
        expect(await readMetric(guard, 'phaselock_lock_hold_seconds_count', { strategy })).toBe(1),
      );
    });
    await reached;
    expect(await counted).toEqual(FAILED);
  });

  test('do not count a replayed answer, but count a reused key as refused', async () => {
    const { guard } = scene;
    const session = await aSession();
    const idempotencyKey = { scope: 'ada', key: session.id, fingerprint: 'replace' };
    const request = replaceWith(session, OPUS, { idempotencyKey });
    expect(await changes(guard, () => guard.start(request))).toEqual(REPLACED);
    expect(await changes(guard, () => guard.start(request))).toEqual({});
    const other = { ...request, idempotencyKey: { ...idempotencyKey, fingerprint: 'another' } };
    expect(await changes(guard, () => guard.start(other).catch(() => undefined))).toEqual({
      [started('refused', 'treatment')]: 1,
      [attempted('refused', 'treatment')]: 1,
      [failed('idempotency_key_reused', 'treatment')]: 1,
    });
  });

  test('do not count a start whose caller has disconnected', async () => {
    const { guard } = scene;
    const session = await aSession();
    const gone = replaceWith(session, OPUS, { signal: AbortSignal.abort() });
    expect(await changes(guard, () => guard.start(gone).catch(() => undefined))).toEqual({
      [failed('request_aborted', 'treatment')]: 1,
    });
  });
});

describe('start metrics', () => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard();
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  test('count a refused start and its error in the cohort of the request', async () => {
    const { guard, world } = scene;
    const session = await begin(guard, aStart(await world.task()));
    const unnamed = (more: object) => guard.start(aStart(session.slot.taskId, 'nobodys-model', more));
    for (const [guarded, cohort] of [
      [true, 'treatment'],
      [false, 'control'],
    ] as const) {
      expect(await changes(guard, () => unnamed({ guarded }))).toEqual({ [started('refused', cohort)]: 1 });
      expect(await changes(guard, () => unnamed({ guarded, ...confirmed(shown(session)) }))).toEqual({
        [started('refused', cohort)]: 1,
        [attempted('refused', cohort)]: 1,
      });
      const nobodys = () => guard.start(aStart(NOBODYS_TASK, SONNET, { guarded })).catch(() => undefined);
      expect(await changes(guard, nobodys)).toEqual({
        [started('refused', cohort)]: 1,
        [failed('task_not_found', cohort)]: 1,
      });
    }
    const mayNot = replaceWith(session, OPUS, { mayReplace: false });
    expect(await changes(guard, () => guard.start(mayNot).catch(() => undefined))).toEqual({
      [started('refused', 'treatment')]: 1,
      [attempted('refused', 'treatment')]: 1,
      [failed('forbidden', 'treatment')]: 1,
    });
  });

  test('count a confirmed start outside the guard as created beside', async () => {
    const { guard, world } = scene;
    const session = await begin(guard, aStart(await world.task()));
    expect(await changes(guard, () => guard.start(replaceWith(session, OPUS, LEGACY)))).toEqual({
      [started('created-beside', 'control')]: 1,
      [attempted('beside', 'control')]: 1,
      phaselock_unguarded_starts_total: 1,
    });
    expect(await changes(guard, () => guard.start(aStart(session.slot.taskId, OPUS, LEGACY)))).toEqual({
      [started('created-beside', 'control')]: 1,
      phaselock_unguarded_starts_total: 1,
    });
  });

  test('count a caller outside the rollout as treatment if the task is guarded, else as control', async () => {
    const { guard, world } = scene;
    const outside = { guarded: 'if-task-is' } as const;
    const family = ['session_starts', 'session_replacement_attempts', 'errors', 'unguarded'];
    const counted = (work: () => Promise<unknown>) => metricChanges(guard, family, work);
    const session = await begin(guard, aStart(await world.task()));
    const { taskId } = session.slot;
    const missing = (id: typeof taskId) => guard.start(aStart(id, 'nobodys-model', outside));
    expect(await counted(() => missing(taskId))).toEqual({ [started('refused', 'treatment')]: 1 });
    expect(await counted(() => guard.start(replaceWith(session, OPUS, outside)))).toEqual({
      [started('replaced', 'treatment')]: 1,
      [attempted('replaced', 'treatment')]: 1,
    });
    const bulk = () => guard.bulkStart([aStart(taskId, 'nobodys-model', outside)]);
    expect(await counted(bulk)).toEqual({ [started('refused', 'treatment')]: 1 });

    const never = await world.task();
    expect(await counted(() => missing(never))).toEqual({ [started('refused', 'control')]: 1 });
    expect(await counted(() => guard.start(aStart(never, SONNET, outside)))).toEqual({
      [started('created-beside', 'control')]: 1,
      phaselock_unguarded_starts_total: 1,
    });
  });

  test('count an attempt as moved_on when the slot is already empty', async () => {
    const { guard, world } = scene;
    const session = await begin(guard, aStart(await world.task()));
    await guard.softDelete({ sessionId: session.id });
    expect(await changes(guard, () => guard.start(replaceWith(session, OPUS)))).toEqual({
      [started('created', 'treatment')]: 1,
      [attempted('moved_on', 'treatment')]: 1,
    });
  });

  test('count each item of a bulk start once, whatever its outcome', async () => {
    const { guard, world, another } = scene;
    const stop = stopAt();
    const server = await another({ racepoint: stop.racepoint });
    const tasks = await Promise.all(Array.from({ length: 9 }, () => world.task()));
    const sessions = await Promise.all(tasks.map((taskId) => begin(guard, aStart(taskId))));
    const [same, asked, replaced, raced, shownOld, missing, beside, unstorable, forbidden] = sessions;
    if (!same || !asked || !replaced || !raced || !shownOld || !missing || !beside || !unstorable || !forbidden) return;
    const { reached, goOn } = stop.arm('bulk:decided');
    const bulk = server.bulkStart([
      aStart(await world.task()),
      aStart(same.slot.taskId),
      aStart(asked.slot.taskId, OPUS),
      replaceWith(replaced, OPUS),
      replaceWith(raced, OPUS),
      aStart(shownOld.slot.taskId, OPUS, confirmed(shown(same))),
      aStart(missing.slot.taskId, 'nobodys-model', confirmed(shown(missing))),
      replaceWith(beside, OPUS, LEGACY),
      aStart(NOBODYS_TASK, SONNET),
      replaceWith(unstorable, OPUS, { actor: 'a\0b' }),
      replaceWith(forbidden, OPUS, { mayReplace: false }),
    ]);
    const counted = changes(server, () => bulk);
    await reached;
    // The raced item is started on its own after the write, and finds the session of the other start.
    await guard.start(replaceWith(raced, HAIKU));
    goOn();
    expect((await bulk).map((outcome) => ('code' in outcome ? outcome.code : outcome.kind))).toEqual([
      'created',
      'existing',
      'ask',
      'replaced',
      'session_moved_on',
      'session_moved_on',
      'model_missing',
      'created-beside',
      'task_not_found',
      'invalid_request',
      'forbidden',
    ]);
    expect(await counted).toEqual({
      ...REPLACED,
      [started('created', 'treatment')]: 1,
      [started('existing', 'treatment')]: 1,
      [started('asked', 'treatment')]: 1,
      [started('moved_on', 'treatment')]: 2,
      [started('refused', 'treatment')]: 4,
      [started('created-beside', 'control')]: 1,
      [attempted('moved_on', 'treatment')]: 2,
      [attempted('refused', 'treatment')]: 3,
      [attempted('beside', 'control')]: 1,
      [failed('task_not_found', 'treatment')]: 1,
      [failed('invalid_request', 'treatment')]: 1,
      [failed('forbidden', 'treatment')]: 1,
      'phaselock_session_questions_total{question="replace_confirmation_required",cohort="treatment"}': 1,
      phaselock_unguarded_starts_total: 1,
    });
  });

  test('count each item of a failed bulk start once, with a lost database or a passed deadline', async () => {
    const { guard, world, another, databaseUrl } = scene;
    const session = await begin(guard, aStart(await world.task()));
    const stop = stopAt();
    await using proxy = await answerLosingProxy(databaseUrl);
    const doomed = await another({
      databaseUrl: proxy.url,
      racepoint: stop.racepoint,
      settings: { deadlineMs: 800 },
    });
    const items = [replaceWith(session, OPUS), aStart(await world.task())];
    const { reached, goOn } = stop.arm('bulk:decided');
    const inTheMiddle = changes(doomed, () => doomed.bulkStart(items).catch(() => undefined));
    await reached;
    await proxy[Symbol.asyncDispose]();
    goOn();
    const starts = { [started('failed', 'treatment')]: 2, [attempted('failed', 'treatment')]: 1 };
    // Each item failed on its own, so each error is counted.
    expect(await inTheMiddle).toEqual({ ...starts, [failed('backend_unavailable', 'treatment')]: 2 });
    // The whole call failed, so one error is counted.
    expect(await changes(doomed, () => doomed.bulkStart(items).catch(() => undefined))).toEqual({
      ...starts,
      [failed('backend_unavailable', 'treatment')]: 1,
    });

    const slow = await another({ racepoint: stop.racepoint, settings: { deadlineMs: 300 } });
    const late = stop.arm('bulk:written');
    const tooLate = changes(slow, async () => {
      await expect(slow.bulkStart(items)).rejects.toMatchObject({ code: 'backend_unavailable' });
      late.goOn();
      await eventually(async () =>
        expect(await readMetric(slow, 'phaselock_bulk_items_total', { operation: 'start' })).toBe(2),
      );
    });
    expect(await tooLate).toEqual({ ...starts, [failed('backend_unavailable', 'treatment')]: 1 });
  });

  test('do not count a bulk start again when it is repeated with the same key', async () => {
    const { guard, world } = scene;
    const session = await begin(guard, aStart(await world.task()));
    const items = [replaceWith(session, OPUS), aStart(await world.task())];
    const key = { idempotencyKey: { scope: 'ada', key: `bulk ${session.id}`, fingerprint: 'bulk' } };
    expect(await changes(guard, () => guard.bulkStart(items, key))).toEqual({
      ...REPLACED,
      [started('created', 'treatment')]: 1,
    });
    expect(await changes(guard, () => guard.bulkStart(items, key))).toEqual({});
  });
});
