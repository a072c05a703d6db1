import { type ModelSelection, type Phase, parseAgentSessionId, type TaskId } from '@phaselock/core';
import type { Guard } from '@phaselock/guard';
import { DEMO_PROJECT } from './first-task.ts';

const SONNET: ModelSelection = { agent: 'claude-code', model: 'claude-sonnet-4-5' };
const OPUS: ModelSelection = { agent: 'claude-code', model: 'claude-opus-4-5' };
const CODEX: ModelSelection = { agent: 'codex', model: 'gpt-5.1-codex' };

/**
 * Creates a demo project with a realistic history through the guard's own operations. Does nothing if the project
 * exists.
 */
export async function seedDemo(guard: Guard): Promise<void> {
  const { items } = await guard.listProjects({}, { limit: 200 });
  if (items.some(({ name }) => name === DEMO_PROJECT)) return;
  const projectId = await guard.addProject(DEMO_PROJECT);

  const checkout = await guard.addTask(projectId, 'Checkout fails for guests without a phone number');
  const branch = 'fix/guest-checkout';
  await work(guard, checkout, 'plan', SONNET, branch, [
    'Read the address form',
    'The phone number is required twice',
    'Plan: ask for it once',
  ]);
  await work(guard, checkout, 'run', SONNET, branch, ['Made the field optional', '12 tests passed']);
  await work(guard, checkout, 'run', SONNET, branch, ['Added a test for guests', '13 tests passed']);
  // Shows both cases: another model begins a new conversation, the same model continues.
  await replace(guard, checkout, 'run', OPUS);
  await work(guard, checkout, 'run', OPUS, branch, ['Rewrote the validation', '13 tests passed']);
  await work(guard, checkout, 'verify', CODEX, branch, ['Checked the diff', 'No findings']);

  const search = await guard.addTask(projectId, 'Search ignores umlauts');
  await work(guard, search, 'plan', SONNET, 'fix/umlauts', ['Fold the query as the index does']);
  await guard.start({ taskId: search, phase: 'run', mode: 'standard', model: SONNET, actor: 'demo' });

  await guard.addTask(projectId, 'Write the release notes');
}

async function work(
  guard: Guard,
  taskId: TaskId,
  phase: Phase,
  model: ModelSelection,
  branch: string,
  lines: readonly string[],
): Promise<void> {
  const started = await guard.start({ taskId, phase, mode: 'standard', model, actor: 'demo' });
  if (started.kind === 'ask' || started.kind === 'refused')
    throw new Error(`unexpected result in the demo: ${started.text}`);
  const { id: sessionId, generation } = started.session;
  const attempts = await guard.listAttempts({ taskId }, { limit: 1 });
  const attemptId = attempts.items[0]?.id ?? (await guard.addAttempt(taskId, { branch }));
  const turn = await guard.startTurn({ sessionId, generation, attemptId, actor: 'demo' });
  if (turn.kind !== 'started') throw new Error(`unexpected result in the demo: ${turn.text}`);
  const token = { sessionId, generation, processId: turn.processId };
  await guard.appendLogs(
    token,
    lines.map((line) => ({ kind: 'stdout' as const, line })),
  );
  const agentSessionId = parseAgentSessionId(turn.passedSessionId ?? sessionId);
  await guard.finishTurn({
    ...token,
    ending: 'completed',
    exitCode: 0,
    usage: { inputTokens: 18_400, outputTokens: 2_150, turns: 6, costUsdMicros: 87_000 },
    ...(agentSessionId && { agentSessionId }),
  });
}

async function replace(guard: Guard, taskId: TaskId, phase: Phase, model: ModelSelection): Promise<void> {
  const slot = { taskId, phase, mode: 'standard' as const, model, actor: 'demo' };
  const asked = await guard.start(slot);
  if (asked.kind === 'ask') await guard.start({ ...slot, say: { kind: 'replace', shown: asked.shown } });
}
