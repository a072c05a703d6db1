import { createLogger } from '@phaselock/telemetry';
import {
  aStart,
  aTurn,
  begin,
  OPUS,
  openTestGuard,
  readMetric,
  runTurn,
  SONNET,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const lines: unknown[] = [];
const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard({
    logger: createLogger({ service: 'phaselock', version: '0.0.0', environment: 'test', level: 'info', destination }),
  });
});
afterAll(() => scene[Symbol.asyncDispose]());

describe('a change of model', () => {
  const changes = () => readMetric(scene.guard, 'phaselock_model_changes_total');

  test('after a deletion in the same attempt is logged and counted once', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const first = await begin(guard, aStart(taskId));
    await runTurn(guard, aTurn(first, attemptId), `deleted ${taskId}`);
    await guard.softDelete({ sessionId: first.id });
    const before = await changes();
    const second = await begin(guard, aStart(taskId, OPUS));
    await runTurn(guard, aTurn(second, attemptId), `after ${taskId}`);
    expect(await changes()).toBe(before + 1);
    expect(lines).toContainEqual(
      expect.objectContaining({
        task_attempt_id: attemptId,
        'phaselock.previous_model': SONNET,
        'phaselock.current_model': OPUS,
      }),
    );
    await runTurn(guard, aTurn(second, attemptId), `after ${taskId}`);
    expect(await changes()).toBe(before + 1);
  });
});
