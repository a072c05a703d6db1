import type { AgentSessionId } from './ids.ts';
import type { PastProcess, TurnRequest, TurnSession } from './turn.ts';

/**
 * The state of a session's conversation. Only `resumable` has an id to pass on; only `none-yet` may begin a
 * conversation in this session.
 */
export type Conversation =
  | { readonly kind: 'none-yet' }
  | {
      readonly kind: 'resumable';
      readonly id: AgentSessionId;
      /** The process whose model made the conversation; null if the caller named an id that no process reported. */
      readonly maker: PastProcess | null;
      /**
       * True if no process of this session reported the id but the session already has processes: the conversation must
       * then continue in a new session.
       */
      readonly needsOwnSession: boolean;
    }
  /** The agent no longer knows the conversation. */
  | { readonly kind: 'lost'; readonly maker: PastProcess | null }
  /** The user dropped every process (retry from an earlier step). */
  | { readonly kind: 'dropped' }
  /** The agent ran but never reported an id, so the conversation it began cannot be resumed. */
  | { readonly kind: 'unreported' }
  /** The retry id belongs to a session that is not an earlier session of this slot. */
  | { readonly kind: 'elsewhere' };

/**
 * Finds the conversation to resume: the pre-retry id if the caller gives one, else the latest id of a process that was
 * not dropped. From a long history a caller may pass only these processes: the newest, the newest not dropped, the
 * newest not dropped with an id, and the makers of the pre-retry id and of the taken-up id. Each must be marked
 * invalidated if any process with its id is.
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

/**
 * No process of this session has reported an id, for example after a crash, so the conversation it took up is still the
 * latest.
 */
function stillTakenUp(
  newestFirst: readonly PastProcess[],
  kept: readonly PastProcess[],
  { takenUp: id, lostId }: { readonly takenUp: AgentSessionId; readonly lostId: AgentSessionId | null },
): Conversation {
  // If no process reported the id, its model is known only from a process of this session that was started with the id.
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

/**
 * A lost id does not fall back to an older one, because that would silently drop the later part of the conversation.
 */
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

/** An agent may keep one id over several processes. An id that is invalidated on one of them is invalid on all. */
const invalidIds = (history: readonly PastProcess[]): ReadonlySet<AgentSessionId> =>
  new Set(
    history.flatMap(({ agentSessionId, invalidated }) =>
      invalidated && agentSessionId !== null ? [agentSessionId] : [],
    ),
  );

/** The newest process that reported this id; a dropped process counts only if there is no other. */
function makerOf(newestFirst: readonly PastProcess[], id: AgentSessionId): PastProcess | null {
  const makers = newestFirst.filter(({ agentSessionId }) => agentSessionId === id);
  return makers.find(({ dropped }) => !dropped) ?? makers[0] ?? null;
}
