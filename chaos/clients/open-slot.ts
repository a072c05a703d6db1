import type { Ref } from '../history/operation.ts';
import { MODEL_NAMES } from './models.ts';
import { type SlotName, slotKey, start } from './operations.ts';
import type { Said } from './speaker.ts';
import { insist, type User } from './user.ts';

export type Opened = {
  readonly slot: SlotName;
  readonly session: string;
  readonly generation: number;
  readonly model: string;
};

/**
 * Starts a session in a slot and confirms questions as people do: usually with the session shown, sometimes with an
 * outdated one, sometimes not at all.
 */
export async function openSlot(user: User, slot: SlotName): Promise<Opened | undefined> {
  const { random, board } = user;
  const model = random.pick(MODEL_NAMES);
  const key = random.chance(0.7) ? user.unique('start') : undefined;
  const stale = random.chance(0.04) ? board.shownIn(slotKey(slot)).at(0) : undefined;
  const said = await insist(user, start(key, { slot, model, ...(stale && { confirm: stale }) }));
  const opened = openedBy(user, slot, said);
  if (opened !== undefined || said.outcome !== 'refused') return opened;
  const shown = shownBy(user, slot, said);
  if (shown === undefined) return undefined;
  await user.think(250);
  const confirm = answerTo(user, slot, said.problem.code, shown);
  if (confirm === undefined) return undefined;
  return openedBy(user, slot, await insist(user, start(user.unique('start'), { slot, model, confirm })));
}

function openedBy({ board }: User, slot: SlotName, said: Said): Opened | undefined {
  if (said.outcome !== 'ok') return undefined;
  const { session, generation, model } = said.told;
  if (session === undefined || generation === undefined || model === undefined) return undefined;
  board.remember(slotKey(slot), { session, generation });
  return { slot, session, generation, model };
}

function shownBy({ board }: User, slot: SlotName, said: Said & { outcome: 'refused' }): Ref | undefined {
  const { confirm } = said.problem.problem;
  if (confirm === undefined) return undefined;
  const ref = { session: confirm.shown.sessionId, generation: confirm.shown.generation };
  board.remember(slotKey(slot), ref);
  return ref;
}

function answerTo({ random, board }: User, slot: SlotName, code: string, shown: Ref): 'keep' | Ref | undefined {
  const minor = code === 'keep_or_replace_required';
  switch (random.weighted({ shown: 5, keep: minor ? 4 : 0.1, older: 1, leave: 2 })) {
    case 'shown':
      return shown;
    case 'keep':
      return 'keep';
    case 'older':
      return board.shownIn(slotKey(slot)).at(0) ?? shown;
    case 'leave':
      return undefined;
  }
}
