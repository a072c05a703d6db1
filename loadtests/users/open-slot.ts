import { type SlotName, slotKey, start } from '../../chaos/clients/operations.ts';
import type { Ref } from '../../chaos/history/operation.ts';
import type { OperationName } from '../journal/journal-line.ts';
import type { Said } from './speaker.ts';
import type { User } from './user.ts';

/** A session of a slot as shown to a user. */
export type Opened = {
  readonly slot: SlotName;
  readonly session: string;
  readonly generation: number;
  readonly model: string;
};

export type Opening = {
  readonly opened: Opened | undefined;
  /** The session that the start replaced. */
  readonly replaced: Ref | undefined;
};

const NOTHING: Opening = { opened: undefined, replaced: undefined };

/** Starts a session with a model in a slot. If a question comes back, replaces, keeps or leaves the session shown. */
export async function openSlot(user: User, slot: SlotName, model: string): Promise<Opening> {
  const said = await user.say({ ...start(user.unique('start'), { slot, model }), name: 'start' });
  if (said.outcome !== 'refused') return openingOf(slot, said);
  const shown = shownIn(said);
  if (shown === undefined) return NOTHING;
  user.think();
  const minor = said.code === 'keep_or_replace_required';
  switch (user.random.weighted({ replace: 8, keep: minor ? 6 : 0, leave: 1 })) {
    case 'replace':
      return answer(user, slot, model, shown, 'replace');
    case 'keep':
      return answer(user, slot, model, 'keep', 'keep');
    case 'leave':
      return NOTHING;
  }
}

/** Starts a session with a confirmation, which may be outdated. */
export async function answer(
  user: User,
  slot: SlotName,
  model: string,
  confirm: 'keep' | Ref,
  name: OperationName,
): Promise<Opening> {
  return openingOf(slot, await user.say({ ...start(user.unique('start'), { slot, model, confirm }), name }));
}

/** The session that a question shows. */
export function shownIn(said: Said): Ref | undefined {
  if (said.outcome === 'ok' || said.problem?.confirm === undefined) return undefined;
  const { sessionId, generation } = said.problem.confirm.shown;
  return { session: sessionId, generation };
}

function openingOf(slot: SlotName, said: Said): Opening {
  if (said.outcome !== 'ok') return NOTHING;
  const { session, generation, model, predecessor, outcome } = said.told;
  if (session === undefined || generation === undefined || model === undefined) return NOTHING;
  const replaced = outcome === 'replaced' && predecessor ? predecessor : undefined;
  return { opened: { slot, session, generation, model }, replaced };
}

export const wholeOf = ({ slot, session, generation }: Opened) => ({ slot: slotKey(slot), session, generation });
export const refOf = ({ session, generation }: Opened): Ref => ({ session, generation });
