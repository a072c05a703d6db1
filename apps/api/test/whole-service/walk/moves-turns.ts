import { chooseAgentId, chooseAttempt, chooseConfirm, chooseGeneration, chooseModel, chooseSession } from './choose.ts';
import type { KnownSession } from './memory.ts';
import { at, textAt } from './read.ts';
import type { Asking, Body, Client, Seen } from './seen.ts';
import { chooseClient, type Move, maybeKey, type Turn } from './turn.ts';

/** Starts a turn with random options, sometimes twice at once. Each started process gets a runner. */
export const startTurn: Move = async (turn) => {
  const { random, ask } = turn;
  const client = chooseClient(turn);
  const session = chooseSession(turn, client);
  if (session === undefined) return;
  const asking: Asking = {
    params: { sessionId: session.id },
    body: turnBody(turn, session),
    ...maybeKey(turn, 'startTurn'),
  };
  const asked = await Promise.all(
    Array.from({ length: random.chance(0.1) ? 2 : 1 }, () => ask(client, 'startTurn', asking)),
  );
  for (const seen of asked) await goOn(turn, client, asking, seen);
};

/** Often confirms the question in the response. */
async function goOn(turn: Turn, client: Client, asking: Asking, seen: Seen): Promise<void> {
  const { random, ask, memory, runners } = turn;
  const process = memory.processes.get(textAt(seen.answer, 'processId') ?? '');
  if (process !== undefined) return runners.take(process, client, random);
  const confirm = random.chance(0.3) ? { kind: 'keep' } : at(seen.answer, 'confirm');
  if (at(seen.answer, 'question') === undefined || confirm === undefined || random.chance(0.4)) return;
  const again = await ask(client, 'startTurn', { params: asking.params ?? {}, body: { ...asking.body, confirm } });
  const begun = memory.processes.get(textAt(again.answer, 'processId') ?? '');
  if (begun !== undefined) runners.take(begun, client, random);
}

function turnBody(turn: Turn, session: KnownSession): Body {
  const { random, step } = turn;
  const confirm = random.chance(0.3) ? chooseConfirm(turn, session.slot) : undefined;
  return {
    generation: chooseGeneration(random, session.generation),
    attemptId: chooseAttempt(turn, session.taskId),
    ...(random.chance(0.5) && { model: chooseModel(turn, session.model) }),
    ...(confirm !== undefined && { confirm }),
    ...(random.chance(0.3) && { onModelChange: random.pick(['ask', 'replace']) }),
    ...(random.chance(0.1) && { skipContext: random.chance(0.8) }),
    ...(random.chance(0.2) && { preRetryId: chooseAgentId(turn, session) }),
    ...(random.chance(0.12) && { lostId: chooseAgentId(turn, session) }),
    ...(random.chance(0.15) && { handoff: { summary: `turn ${step}` } }),
  };
}
