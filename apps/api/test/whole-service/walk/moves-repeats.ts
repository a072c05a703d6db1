import { chooseModel } from './choose.ts';
import { linesOf } from './moves-runners.ts';
import { textAt } from './read.ts';
import type { Asking, Seen } from './seen.ts';
import { chooseClient, type Move, type Turn } from './turn.ts';

const REMEMBERED = 60;

/** Repeats a call with its Idempotency-Key: unchanged, with another body, by another client, or twice at once. */
export const repeatCall: Move = async (turn) => {
  const { random, ask, runners, memory } = turn;
  const again = random.recent(turn.recentlyKeyed(REMEMBERED), REMEMBERED);
  if (again === undefined) return;
  const client = random.chance(0.75) ? again.client : chooseClient(turn);
  const asking = random.chance(0.75) ? again.asking : altered(turn, again);
  const answers = await Promise.all(
    Array.from({ length: random.chance(0.3) ? 2 : 1 }, () => ask(client, again.operation, asking)),
  );
  for (const { answer } of answers) {
    const begun = memory.processes.get(textAt(answer, 'processId') ?? '');
    if (begun !== undefined) runners.take(begun, client, random);
  }
};

/** Two clients, or one client twice, start a session under the same key at once. */
export const sameKeyAtOnce: Move = async (turn) => {
  const { random, ask, clients, step } = turn;
  const task = random.maybe([...turn.memory.tasks.values()].slice(0, 3).filter(({ side }) => side === 'ours'));
  if (task === undefined) return;
  const start = (): Asking => ({
    body: { taskId: task.id, phase: 'plan', mode: 'debug', model: chooseModel(turn, undefined) },
    idempotencyKey: `both-${step}`,
  });
  const first = start();
  const second = random.chance(0.5) ? first : start();
  const rival = random.pick([clients.all, clients.limited]);
  await Promise.all([ask(clients.all, 'startSession', first), ask(rival, 'startSession', second)]);
};

/** The same call with one valid difference. */
function altered(turn: Turn, { asking, operation }: Seen): Asking {
  const { random, step } = turn;
  const { body = {}, lines } = asking;
  if (lines !== undefined) return { ...asking, lines: linesOf(step, 1 + lines.length) };
  if (operation === 'startTurn' || operation === 'startSession')
    return { ...asking, body: { ...body, model: chooseModel(turn, undefined) } };
  const text = TEXTS.find((name) => name in body);
  if (text !== undefined) return { ...asking, body: { ...body, [text]: `altered at ${step}` } };
  return { ...asking, body: { ...body, ...(random.chance(0.5) && { generation: step }), inputTokens: step } };
}

const TEXTS = ['title', 'branch', 'name', 'variant', 'comment', 'agentSessionId'] as const;
