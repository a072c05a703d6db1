import type { AgentSessionId } from './ids.ts';
import type { PastProcess, TurnRequest } from './turn.ts';

/** Where a session's conversation stands. Only `resumable` has an id to pass on; only `none-yet` may begin one in this session. */
export type Conversation =
  | { readonly kind: 'none-yet' }
  /** The maker is null for an id the caller named and nobody recorded. */
  | { readonly kind: 'resumable'; readonly id: AgentSessionId; readonly maker: PastProcess | null }
  /** The agent no longer knows it. */
  | { readonly kind: 'lost'; readonly maker: PastProcess | null }
  /** Every process was taken back by the user. */
  | { readonly kind: 'dropped' }
  /** The agent ran and never told an id: whatever it began cannot be found again. */
  | { readonly kind: 'unreported' };

/**
 * The pre-retry id if the caller gives one, else the latest id that was neither dropped nor invalidated. Of a long history
 * these are enough: the newest process, the newest not dropped, the newest of those with an id, the newest of those whose id
 * is valid, and whichever spoke under the pre-retry id, each marked invalidated if any process with its id is.
 */
export function findConversation(
  history: readonly PastProcess[],
  { preRetryId, lostId }: Pick<TurnRequest, 'preRetryId' | 'lostId'>,
): Conversation {
  const newestFirst = history.toSorted((a, b) => b.seq - a.seq);
  const invalid = invalidIds(history);
  if (preRetryId !== null) {
    const maker = makerOf(newestFirst, preRetryId);
    const lost = preRetryId === lostId || invalid.has(preRetryId);
    return lost ? { kind: 'lost', maker } : { kind: 'resumable', id: preRetryId, maker };
  }
  if (newestFirst.length === 0) return { kind: 'none-yet' };
  const kept = newestFirst.filter(({ dropped }) => !dropped);
  if (kept.length === 0) return { kind: 'dropped' };
  return latestOf(kept, invalid, lostId);
}

function latestOf(
  kept: readonly PastProcess[],
  invalid: ReadonlySet<AgentSessionId>,
  lostId: AgentSessionId | null,
): Conversation {
  const newest = kept.find(({ agentSessionId }) => agentSessionId !== null) ?? null;
  if (newest === null) return { kind: 'unreported' };
  // Lost in this very turn: falling back to an older id would drop what was said since without a word.
  if (newest.agentSessionId === lostId) return { kind: 'lost', maker: newest };
  for (const maker of kept) {
    const id = maker.agentSessionId;
    if (id !== null && !invalid.has(id))
      return id === lostId ? { kind: 'lost', maker } : { kind: 'resumable', id, maker };
  }
  return { kind: 'lost', maker: newest };
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
