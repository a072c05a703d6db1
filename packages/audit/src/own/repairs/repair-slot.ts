import { literal } from './literal.ts';
import type { ToldSlot } from './told-slot.ts';

export type SlotKey = { readonly taskId: string; readonly phase: string; readonly mode: string };

/** The statement, or the sessions that have to be repaired before the slot can be judged. */
export type SlotRepair =
  | { readonly kind: 'statement'; readonly sql: string }
  | { readonly kind: 'sessions'; readonly ids: readonly string[] }
  | { readonly kind: 'none'; readonly why: string };

/** How long a deletion waits for a start that holds the slot. */
const WAIT_MS = 5_000;

/**
 * A slot names the session that holds it according to the events, if the rows of the sessions agree. Of several that
 * hold it, the newest stays if the slot names it, and the others are deleted as by the service, with an event.
 */
export function repairSlot(key: SlotKey, told: ToldSlot): SlotRepair {
  const { slot, holders, live, unchained, unfit } = told;
  if (slot === null) return none('the slot has no row, and no event records its version');
  if (unchained > 0) return none('the events of its session are not chained yet');
  if (unfit > 0) return none('the events of its session were changed, so they do not prove which one it is');
  const ids = new Set(holders.map(({ id }) => id));
  const differing = [...ids].filter((id) => !live.some((one) => one.id === id));
  const others = live.filter(({ id }) => !ids.has(id)).map(({ id }) => id);
  if (differing.length + others.length > 0) return { kind: 'sessions', ids: [...differing, ...others] };
  const newest = holders[0]?.id ?? null;
  if (newest !== null && holders.length > 1)
    return newest === slot.live_session_id ? deleteOthers(key, told, newest) : none(UNNAMED);
  if (slot.live_session_id === newest && Number(slot.generation) >= told.told)
    return Number(slot.generation) > told.told ? none(AHEAD) : none('the slot is as its events tell');
  if (told.told !== told.recorded) return none('its events and its sessions differ in the highest generation');
  return { kind: 'statement', sql: setSlot(key, told, newest) };
}

const UNNAMED = 'several sessions are live, and the slot does not name the newest of them';
const AHEAD =
  'the counter is higher than every recorded generation, and may have been issued to a session that was removed';

const none = (why: string): SlotRepair => ({ kind: 'none', why });

const isSlot = (alias: string, { taskId, phase, mode }: SlotKey): string =>
  `${alias}.task_id = ${literal(taskId)} and ${alias}.phase = ${literal(phase)} and ${alias}.mode = ${literal(mode)}`;

/** Every change of a slot raises its version. */
function setSlot(key: SlotKey, { slot, told }: ToldSlot, live: string | null): string {
  const generation = Math.max(Number(slot?.generation), told);
  const asSeen =
    live === null
      ? `not exists (select from sessions s where ${isSlot('s', key)} and s.guarded and s.deleted_at is null)`
      : `exists (select from sessions s where s.id = ${literal(live)} and s.guarded and s.deleted_at is null)`;
  return `update slots g set live_session_id = ${literal(live)}, generation = ${generation}, version = g.version + 1
where ${isSlot('g', key)} and g.version = ${slot?.version}
  and (g.live_session_id, g.generation) is not distinct from (${literal(slot?.live_session_id ?? null)}, ${slot?.generation})
  and ${asSeen};`;
}

function deleteOthers(key: SlotKey, { live }: ToldSlot, newest: string): SlotRepair {
  const statements = live
    .filter(({ id }) => id !== newest)
    .map(
      ({ id, version }) => `select (delete_session(${literal(id)}, ${version}, 'deleted', 'repair', ${WAIT_MS})).outcome
from slots g where ${isSlot('g', key)} and g.live_session_id = ${literal(newest)};`,
    );
  return { kind: 'statement', sql: statements.join('\n') };
}
