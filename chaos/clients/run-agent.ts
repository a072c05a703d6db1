import type { Usage } from '../history/operation.ts';
import type { PastWork } from './board.ts';
import { MODEL_NAMES } from './models.ts';
import { type Opened, openSlot } from './open-slot.ts';
import {
  finish,
  heartbeat,
  logs,
  makeAttempt,
  slotKey,
  type TurnOf,
  tellAgentSession,
  turn,
  usage,
} from './operations.ts';
import { giveFeedback, remove, stop } from './session-operations.ts';
import type { Said } from './speaker.ts';
import { insist, sleepFor, type User } from './user.ts';

/** Simulates one agent run: opens the slot, runs turns, and leaves it finished, stopped, deleted or abandoned. */
export async function runAgent(user: User): Promise<void> {
  const slot = user.board.pickSlot(user.random);
  if (slot === undefined) return;
  const opened = await openSlot(user, slot);
  if (opened === undefined || user.random.chance(0.08)) return;
  for (let turns = user.random.whole(1, 3); turns > 0 && !user.ended.aborted; turns -= 1) {
    const work = await beginTurn(user, opened);
    if (work === undefined) return;
    const last = await workOn(user, work);
    user.board.keepWork(last);
    if (!(await leave(user, last)) || work.session !== opened.session) return;
  }
}

async function attemptOf(user: User, task: string): Promise<string | undefined> {
  const known = user.board.tasks.find(({ id }) => id === task)?.attempts ?? [];
  if (known.length > 0 && user.random.chance(0.9)) return user.random.pick(known);
  const key = user.unique('attempt');
  const said = await insist(user, makeAttempt(key, task, key));
  if (said.outcome !== 'ok' || said.told.id === undefined) return undefined;
  known.push(said.told.id);
  return said.told.id;
}

/**
 * Options of the next turn: usually none, sometimes another model, a fresh start, a retry of an earlier conversation,
 * or a lost conversation id.
 */
function wishes({ random, board }: User, slot: string): Partial<TurnOf> {
  const earlier = board.pastWorkIn(slot).flatMap(({ agentId }) => (agentId === undefined ? [] : [agentId]));
  switch (random.weighted({ plain: 80, other: 7, asking: 3, fresh: 4, retry: 4, lost: 2 })) {
    case 'plain':
      return {};
    case 'other':
      return { model: random.pick(MODEL_NAMES), onChange: true };
    case 'asking':
      return { model: random.pick(MODEL_NAMES) };
    case 'fresh':
      return { skipContext: true };
    case 'retry':
      return earlier.length === 0 ? {} : { preRetry: random.pick(earlier) };
    case 'lost':
      return earlier.length === 0 ? {} : { lost: random.pick(earlier) };
  }
}

const WAITS = 5;

async function beginTurn(user: User, opened: Opened): Promise<PastWork | undefined> {
  const { session, generation, model } = opened;
  const slot = slotKey(opened.slot);
  const attempt = await attemptOf(user, opened.slot.task);
  if (attempt === undefined) return undefined;
  const key = user.random.chance(0.8) ? user.unique('turn') : undefined;
  let asking: TurnOf = { slot, session, generation, attempt, ...wishes(user, slot) };
  for (let waited = 0; waited < WAITS && !user.ended.aborted; waited += 1) {
    const said = await insist(user, turn(key, asking));
    if (said.outcome === 'ok') return workOf(slot, attempt, asking.model ?? model, said);
    if (said.outcome === 'unknown') return undefined;
    const { code, problem } = said.problem;
    if (problem.confirm !== undefined && asking.confirm === undefined && user.random.chance(0.6)) {
      const { shown } = problem.confirm;
      asking = { ...asking, confirm: { session: shown.sessionId, generation: shown.generation } };
      // A request with another body needs another idempotency key.
      return workAfter(slot, attempt, asking.model ?? model, await insist(user, turn(user.unique('turn'), asking)));
    }
    if (code !== 'predecessor_stopping' && code !== 'turn_running') return undefined;
    if (code === 'turn_running' && user.random.chance(0.6)) return undefined;
    await user.think(user.leaseMs / 3);
  }
  return undefined;
}

const workAfter = (slot: string, attempt: string, model: string, said: Said): PastWork | undefined =>
  said.outcome === 'ok' ? workOf(slot, attempt, model, said) : undefined;

function workOf(
  slot: string | undefined,
  attempt: string,
  model: string,
  { told }: Said & { outcome: 'ok' },
): PastWork | undefined {
  const { session, generation, process } = told;
  if (session === undefined || generation === undefined || process === undefined) return undefined;
  return { slot, session, generation, process, attempt, agentId: undefined, model };
}

/** Simulates the agent at work until it is done or told to stop. Returns the work with the reported conversation id. */
async function workOn(user: User, begun: PastWork): Promise<PastWork> {
  const { random } = user;
  let work = begun;
  if (random.chance(0.92)) {
    const agentId = user.unique('agent');
    await insist(user, tellAgentSession(work, agentId));
    work = { ...work, agentId };
  }
  let used: Usage = [0, 0, 0, 0];
  for (let steps = random.whole(3, 14); steps > 0 && !user.ended.aborted; steps -= 1) {
    const goesOn = await oneStep(user, work, () => {
      used = [
        used[0] + random.whole(1, 900),
        used[1] + random.whole(1, 300),
        used[2] + 1,
        used[3] + random.whole(0, 90),
      ];
      return used;
    });
    if (!goesOn) break;
    await user.think(user.leaseMs / 12);
  }
  return work;
}

async function oneStep(user: User, work: PastWork, moreUsage: () => Usage): Promise<boolean> {
  switch (user.random.weighted({ heartbeat: 38, logs: 36, usage: 18, feedback: 2, another: 3 })) {
    case 'heartbeat': {
      const said = await insist(user, heartbeat(work));
      return !(said.outcome === 'ok' && said.told.outcome === 'stop');
    }
    case 'logs': {
      const key = user.random.chance(0.75) ? user.unique('logs') : undefined;
      const said = await insist(user, logs(key, work, linesOf(user)));
      return said.outcome !== 'refused' || user.random.chance(0.3);
    }
    case 'usage':
      await insist(user, usage(work, moreUsage()));
      return true;
    case 'feedback':
      await insist(user, giveFeedback(user.unique('feedback'), work, user.unique('comment')));
      return true;
    case 'another':
      // An agent may start a new conversation by itself and report its id.
      await insist(user, tellAgentSession(work, user.unique('agent')));
      return true;
  }
}

export function linesOf(user: User): string[] {
  const line = user.unique('line');
  return Array.from({ length: user.random.whole(1, 4) }, (_, index) => `${line}.${index} ${'·'.repeat(index * 7)}`);
}

/** Ends the turn in one of several ways. Returns whether the client continues with the same session. */
async function leave(user: User, work: PastWork): Promise<boolean> {
  switch (user.random.weighted({ finish: 80, lost: 12, stop: 3, delete: 5 })) {
    case 'finish': {
      const ending = user.random.weighted({ completed: 7, failed: 2, killed: 1 });
      const used: Usage = [user.random.whole(0, 20_000), user.random.whole(0, 9_000), 3, 17];
      await insist(user, finish(work, { ending, ...(user.random.chance(0.6) && { usage: used }) }));
      return true;
    }
    case 'lost':
      await sleepFor(user, user.random.whole(0, 200));
      return false;
    case 'stop':
      await insist(user, stop(work));
      await insist(user, finish(work, { ending: 'killed' }));
      return false;
    case 'delete':
      await insist(user, remove(work));
      if (user.random.chance(0.7)) await insist(user, finish(work, { ending: 'killed' }));
      return false;
  }
}
