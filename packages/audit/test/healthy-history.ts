import type { AttemptId, TaskId } from '@phaselock/core';
import { aStart, aTurn, begin, OPUS, replaceBy, runTurn, SONNET, type TestGuard } from '@phaselock/testkit';

export type History = {
  readonly taskId: TaskId;
  readonly attemptId: AttemptId;
  readonly first: string;
  readonly second: string;
};

/**
 * Creates a correct history: two turns with one model, a replacement with two turns, and a session of another phase.
 */
export async function healthyHistory({ guard, world }: TestGuard): Promise<History> {
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const first = await begin(guard, aStart(taskId, SONNET));
  await runTurn(guard, aTurn(first, attemptId), `sonnet-1-${taskId}`);
  await runTurn(guard, aTurn(first, attemptId), `sonnet-2-${taskId}`);
  const second = await replaceBy(guard, aStart(taskId, OPUS));
  await runTurn(guard, aTurn(second, attemptId), `opus-1-${taskId}`);
  await runTurn(guard, aTurn(second, attemptId), `opus-2-${taskId}`);
  const plan = await begin(guard, aStart(taskId, SONNET, { phase: 'plan' }));
  await runTurn(guard, aTurn(plan, attemptId), `plan-${taskId}`);
  return { taskId, attemptId, first: first.id, second: second.id };
}
