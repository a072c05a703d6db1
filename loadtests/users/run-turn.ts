import { finish, heartbeat, logs, slotKey, turn, usage, type Work } from '../../chaos/clients/operations.ts';
import type { Usage } from '../../chaos/history/operation.ts';
import type { Opened } from './open-slot.ts';
import type { User } from './user.ts';

/** A running turn with the state of its runner. */
export type Turn = Work & { readonly opened: Opened; readonly attempt: string; used: Usage };

/** Whether the runner continues, or must stop because the session was replaced or the request was refused. */
export type Course = 'goes-on' | 'over';

export type Begun = { readonly turn: Turn | undefined; readonly code: string | undefined };

export async function beginTurn(user: User, opened: Opened, attempt: string): Promise<Begun> {
  const { session, generation } = opened;
  const slot = slotKey(opened.slot);
  const said = await user.say({ ...turn(user.unique('turn'), { slot, session, generation, attempt }), name: 'turn' });
  if (said.outcome !== 'ok') return { turn: undefined, code: said.code };
  const { told } = said;
  if (told.process === undefined || told.session === undefined || told.generation === undefined)
    return { turn: undefined, code: undefined };
  const work = { slot, session: told.session, generation: told.generation, process: told.process };
  return { turn: { ...work, opened, attempt, used: [0, 0, 0, 0] }, code: undefined };
}

export async function beat(user: User, turn: Turn): Promise<Course> {
  const said = await user.say({ ...heartbeat(workOf(turn)), name: 'heartbeat' });
  return said.outcome === 'ok' && said.told.outcome === 'stop' ? 'over' : 'goes-on';
}

export async function appendLines(user: User, turn: Turn, count: number): Promise<Course> {
  const line = user.unique('line');
  const lines = Array.from({ length: count }, (_, at) => `${line}.${at} ${'·'.repeat((at * 7) % 40)}`);
  const said = await user.say({ ...logs(user.unique('logs'), workOf(turn), lines), name: 'logs' });
  return said.outcome === 'refused' ? 'over' : 'goes-on';
}

export async function tellUsage(user: User, turn: Turn): Promise<Course> {
  const { random } = user;
  const [input, output, turns, cost] = turn.used;
  turn.used = [input + random.whole(1, 900), output + random.whole(1, 300), turns + 1, cost + random.whole(0, 90)];
  const said = await user.say({ ...usage(workOf(turn), turn.used), name: 'usage' });
  return said.outcome === 'refused' ? 'over' : 'goes-on';
}

/**
 * Finishes a turn and reports the conversation id, unless the agent was killed. If the lease had expired, the id is
 * refused, and the finish is repeated without it.
 */
export async function finishTurn(user: User, turn: Turn, ending: 'completed' | 'failed' | 'killed'): Promise<void> {
  const end = { ending, usage: turn.used };
  const agentId = ending === 'killed' ? {} : { agentId: user.unique('agent') };
  const said = await user.say({ ...finish(workOf(turn), { ...end, ...agentId }), name: 'finish' });
  if (said.outcome === 'refused' && said.code === 'stale_process' && ending !== 'killed')
    await user.say({ ...finish(workOf(turn), end), name: 'finish' });
}

const workOf = ({ slot, session, generation, process }: Turn): Work => ({ slot, session, generation, process });
