import type { AgentSessionId } from './ids.ts';
import type { PastProcess, TurnRequest, TurnSession } from './turn.ts';

/** Where a session's conversation stands. Only `resumable` has an id to pass on; only `none-yet` may begin one in this session. */
export type Conversation =
  | { readonly kind: 'none-yet' }
  | {
      readonly kind: 'resumable';
      readonly id: AgentSessionId;
      /** Null for an id the caller named and nobody recorded. */
      readonly maker: PastProcess | null;
      /** It is not this session's conversation, and this session has had one of its own: it goes on in a session of its own. */
      readonly needsOwnSession: boolean;
    }
  /** The agent no longer knows it. */
  | { readonly kind: 'lost'; readonly maker: PastProcess | null }
  /** Every process was taken back by the user. */
  | { readonly kind: 'dropped' }
  /** The agent ran and never told an id: whatever it began cannot be found again. */
  | { readonly kind: 'unreported' }
  /** The id a retry names belongs to a session that is not a past one of this slot. */
  | { readonly kind: 'elsewhere' };

/**
 * The pre-retry id if the caller gives one, else the latest id that was not dropped. Of a long history these are enough: the newest process, the
 * newest not dropped, the newest of those with an id, and the makers of the pre-retry id or of what was taken up, each marked invalidated if any
 * process with its id is.
 */
export function findConversation(
  history: readonly PastProcess[],
  { preRetryId, lostId, takenUp }: Pick<TurnRequest, 'preRetryId' | 'lostId'> & Pick<TurnSession, 'takenUp'>,
): Conversation {
  const newestFirst = history.toSorted((a, b) => b.seq - a.seq);
  const here = newestFirst.filter(({ place }) => place === 'here');
  if (preRetryId !== null) return retried(newestFirst, here, { preRetryId, lostId });
  if (here.length === 0) return { kind: 'none-yet' };
  const kept = here.filter(({ dropped }) => !dropped);
  if (kept.length === 0) return { kind: 'dropped' };
  const latest = latestOf(kept, invalidIds(newestFirst), lostId);
  return latest.kind === 'unreported' && takenUp !== null
    ? stillTakenUp(newestFirst, kept, { takenUp, lostId })
    : latest;
}

/** None of this session's processes told an id, because they crashed: the conversation it took up is still the latest. */
function stillTakenUp(
  newestFirst: readonly PastProcess[],
  kept: readonly PastProcess[],
  { takenUp: id, lostId }: { readonly takenUp: AgentSessionId; readonly lostId: AgentSessionId | null },
): Conversation {
  // Of an id nobody recorded the process here that was begun with it is the only one whose model is known.
  const maker = makerOf(newestFirst, id) ?? kept[0] ?? null;
  const isLost =
    id === lostId ||
    invalidIds(newestFirst).has(id) ||
    newestFirst.some(({ agentSessionId, invalidated }) => agentSessionId === null && invalidated);
  return isLost ? { kind: 'lost', maker } : { kind: 'resumable', id, maker, needsOwnSession: false };
}

function retried(
  newestFirst: readonly PastProcess[],
  here: readonly PastProcess[],
  { preRetryId: id, lostId }: { readonly preRetryId: AgentSessionId; readonly lostId: AgentSessionId | null },
): Conversation {
  const own = makerOf(here, id);
  if (own === null && newestFirst.some(({ place, agentSessionId }) => place === 'elsewhere' && agentSessionId === id))
    return { kind: 'elsewhere' };
  const maker = own ?? makerOf(newestFirst, id);
  if (id === lostId || invalidIds(newestFirst).has(id)) return { kind: 'lost', maker };
  return { kind: 'resumable', id, maker, needsOwnSession: own === null && here.length > 0 };
}

/** A lost id does not fall back to an older one, however it became known: what was said since would be dropped without a word. */
function latestOf(
  kept: readonly PastProcess[],
  invalid: ReadonlySet<AgentSessionId>,
  lostId: AgentSessionId | null,
): Conversation {
  for (const maker of kept) {
    const id = maker.agentSessionId;
    if (id === null) continue;
    if (id === lostId || invalid.has(id)) return { kind: 'lost', maker };
    return { kind: 'resumable', id, maker, needsOwnSession: false };
  }
  return { kind: 'unreported' };
}

/** An agent that keeps its id from turn to turn has it on several processes; invalid on one is invalid on all. */
const invalidIds = (history: readonly PastProcess[]): ReadonlySet<AgentSessionId> =>
  new Set(
    history.flatMap(({ agentSessionId, invalidated }) =>
      invalidated && agentSessionId !== null ? [agentSessionId] : [],
    ),
  );

/** The newest process that spoke under this id; one the user took back only if there is no other. */
function makerOf(newestFirst: readonly PastProcess[], id: AgentSessionId): PastProcess | null {
  const makers = newestFirst.filter(({ agentSessionId }) => agentSessionId === id);
  return makers.find(({ dropped }) => !dropped) ?? makers[0] ?? null;
}
