import { chooseConfirm, chooseMode, chooseModel, choosePhase, chooseTask } from './choose.ts';
import { slotKey } from './memory.ts';
import { at, listAt } from './read.ts';
import type { Body, Client } from './seen.ts';
import { chooseClient, type Move, maybeKey, type Turn } from './turn.ts';

/** Starts a session and usually confirms the question in the response, as a person with a dialog would. */
export const startSession: Move = async (turn) => {
  const { random, ask, step } = turn;
  const client = chooseClient(turn);
  const body = {
    ...startBody(turn, client),
    ...(random.chance(0.1) && { handoff: { summary: `so far, step ${step}` } }),
  };
  const asked = await ask(client, 'startSession', { body, ...maybeKey(turn, 'startSession') });
  const confirm = at(asked.answer, 'confirm');
  if (confirm === undefined || random.chance(0.3)) return;
  await ask(client, 'startSession', { body: { ...body, confirm } });
};

function startBody(turn: Turn, client: Client): Body {
  const { random, memory } = turn;
  const [taskId, phase, mode] = [chooseTask(turn, client), choosePhase(random), chooseMode(random)];
  const slot = slotKey(taskId, phase, mode);
  const confirm = chooseConfirm(turn, slot);
  return {
    ...{ taskId, phase },
    ...(mode !== 'standard' && { mode }),
    model: chooseModel(turn, memory.live.get(slot)?.model),
    ...milestoneOf(turn, 'startSession'),
    ...(confirm !== undefined && { confirm }),
  };
}

/** Sometimes names a milestone, if the operation supports sessions that span tasks. */
const milestoneOf = ({ random, operations, step }: Turn, operation: string): Body =>
  operations.named(operation).bodyFields.includes('milestoneId') && random.chance(0.08)
    ? { milestoneId: `milestone ${step}` }
    : {};

export const startMany: Move = async (turn) => {
  const client = chooseClient(turn);
  const items = Array.from({ length: 1 + turn.random.below(5) }, () => startBody(turn, client));
  const asked = await turn.ask(client, 'startMany', { body: { items }, ...maybeKey(turn, 'startMany') });
  if (turn.random.chance(0.5)) return;
  const confirmed = items.flatMap((item, index) => {
    const confirm = at(listAt(asked.answer, 'results')[index], 'problem.confirm');
    return confirm === undefined ? [] : [{ ...item, confirm }];
  });
  if (confirmed.length > 0) await turn.ask(client, 'startMany', { body: { items: confirmed } });
};

export const beginStandalone: Move = async (turn) => {
  const { random, ask } = turn;
  const client = chooseClient(turn);
  const body = {
    taskId: chooseTask(turn, client),
    phase: choosePhase(random),
    mode: chooseMode(random),
    model: chooseModel(turn, undefined),
    ...milestoneOf(turn, 'beginStandalone'),
  };
  await ask(client, 'beginStandalone', { body, ...maybeKey(turn, 'beginStandalone') });
};
