import { ERRORS, NOTICES } from '@phaselock/core';
import { createTestDatabase, createWorld, type World } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenGuard, openGuard } from './open-guard.ts';
import type { Start } from './start.ts';

describe.each(['pessimistic', 'optimistic', 'redis'] as const)('start, %s', (strategy) => {
  let guard: OpenGuard;
  let world: World;
  let dispose: () => Promise<void>;

  beforeAll(async () => {
    const stack = new AsyncDisposableStack();
    const database = stack.use(await createTestDatabase());
    guard = stack.use(
      await openGuard({
        databaseUrl: database.url,
        invalidation: 'memory',
        flags: () => ({ pessimistic_locking_enabled: strategy === 'pessimistic', locking_strategy: strategy }),
      }),
    );
    world = await createWorld(guard);
    dispose = () => stack.disposeAsync();
  });
  afterAll(() => dispose());

  const aStart = async (model: string, more: Partial<Start> = {}): Promise<Start> => ({
    taskId: await world.task(),
    phase: 'run',
    mode: 'standard',
    model: { agent: 'claude-code', model },
    ...more,
  });

  test('an empty slot gets a session of generation 1', async () => {
    const outcome = await guard.start(await aStart('claude-sonnet-4-5'));
    expect(outcome).toMatchObject({ kind: 'created', session: { generation: 1, modelMissing: false } });
  });

  test('the same model gets the session that is there, with the text of the specification, and nothing is written', async () => {
    const request = await aStart('claude-sonnet-4-5');
    const first = await guard.start(request);
    const second = await guard.start(request);
    expect(second).toMatchObject({ kind: 'existing', text: NOTICES.same_model_active });
    expect(first.kind === 'created' && second.kind === 'existing' && second.session.id === first.session.id).toBe(true);
    expect((await guard.list({ taskId: request.taskId, includeDeleted: true }, { limit: 10 })).sessions).toHaveLength(
      1,
    );
  });

  test('another model is asked about, and replaces once it is confirmed', async () => {
    const request = await aStart('claude-sonnet-4-5');
    const first = await guard.start(request);
    const other: Start = { ...request, model: { agent: 'claude-code', model: 'claude-opus-4-5' } };
    const asked = await guard.start(other);
    expect(asked).toMatchObject({ kind: 'ask', question: 'replace', text: ERRORS.replace_confirmation_required.text });
    if (asked.kind !== 'ask' || first.kind !== 'created') throw new Error('unreachable');
    const replaced = await guard.start({ ...other, say: { kind: 'replace', shown: asked.shown } });
    expect(replaced).toMatchObject({
      kind: 'replaced',
      session: { generation: 2 },
      predecessor: { sessionId: first.session.id, generation: 1 },
    });
    const { sessions } = await guard.list({ taskId: request.taskId }, { limit: 10 });
    expect(sessions).toHaveLength(1);
    const old = await guard.session(first.session.id);
    expect(old).toMatchObject({ deletedReason: 'model-changed', replacedBy: sessions[0]?.id });
    expect(old.deletedAt).toBeInstanceOf(Date);
  });
});
