import {
  type ClaimToken,
  claimForPurge,
  type Distrusted,
  distrustArchives,
  failArchives,
  purgeProven,
  releaseClaims,
} from '@phaselock/store';
import type { StoreFailure } from '../stores/object-store.ts';
import type { ArchiveContext } from './archive-context.ts';
import { askStore } from './ask-store.ts';
import { keepClaims } from './keep-claims.ts';
import { proveObjects, type Unread } from './prove-objects.ts';
import { retryDelaySeconds } from './retry-delay.ts';

export type PurgedBatch = {
  readonly claimed: number;
  readonly purged: number;
  readonly changed: number;
  /** The objects of these sessions differed from their records; the sessions are archived again. */
  readonly healing: number;
  readonly failed: number;
  readonly bytes: number;
  /** The failure of the store: the remaining claims were released untried. */
  readonly refusedBy: StoreFailure | undefined;
};

/** Keeps transactions short: each holds few locks and leaves little work for vacuum. */
const PURGE_CHUNK = 250;
const PURGE_ROWS = 50_000;
/**
 * Maximum bytes read before one delete: enough to share the round trips, little enough that no verification is old when
 * it is used.
 */
const PURGE_BYTES = 64 * 1024 * 1024;
/** An object found missing or damaged more often than this becomes a dead letter. */
const MOST_TIMES_DISTRUSTED = 3;

/**
 * Purges sessions that have been archived long enough. Each object is read and verified again immediately before the
 * delete.
 */
export async function purgeBatch(ctx: ArchiveContext): Promise<PurgedBatch> {
  const { database, policy, observe, racepoint } = ctx;
  const token = ctx.newToken();
  const claims = await claimForPurge(database, {
    token,
    limit: Math.min(PURGE_CHUNK, policy.batchLimit),
    maxRows: PURGE_ROWS,
    maxBytes: PURGE_BYTES,
    leaseSeconds: policy.leaseSeconds,
    minAgeSeconds: policy.purgeAfterSeconds,
  });
  const none = { claimed: claims.length, purged: 0, changed: 0, healing: 0, failed: 0, bytes: 0 };
  if (claims.length === 0) return { ...none, refusedBy: undefined };
  await using ending = new AsyncDisposableStack();
  ending.defer(async () => void (await releaseClaims(database, token).catch(() => 0)));
  ending.use(keepClaims(ctx, token));
  await racepoint?.('purge-claimed');

  const before = await askStore(ctx);
  if (before.kind === 'failed') return { ...none, refusedBy: before.failure };
  const proofs = await proveObjects(ctx, claims);
  await racepoint?.('proven');
  // Read results count only if the store is still the known one. An object that was missing because the store went away
  // is not damaged.
  const after = await askStore(ctx);
  if (after.kind === 'failed') return { ...none, refusedBy: after.failure };
  const done =
    proofs.proven.length === 0
      ? { purged: 0, changed: 0 }
      : await purgeProven(database, { storeId: before.store.id, token }, proofs.proven);
  await racepoint?.('purged');
  if (done.purged > 0) observe.purged(done.purged);
  const { hopeless, postponed } = postponing(ctx, proofs.unread);
  if (postponed.length > 0) await failArchives(database, token, postponed);
  const distrusted = [...proofs.distrusted, ...hopeless];
  const { healing, moved } = await distrust(ctx, token, distrusted);
  const changed = done.changed + moved;
  if (changed > 0) observe.changed(changed);
  await racepoint?.('distrusted');
  return {
    claimed: claims.length,
    purged: done.purged,
    changed,
    healing,
    failed: postponed.length + distrusted.length - moved,
    bytes: proofs.proven.reduce((sum, { bytes }) => sum + bytes, 0),
    refusedBy: proofs.down,
  };
}

/**
 * Schedules retries for objects that could not be read while others could. After the last retry, the session is
 * archived again under a new key.
 */
function postponing({ observe, random }: ArchiveContext, unread: readonly Unread[]) {
  const hopeless: Distrusted[] = [];
  const postponed: Parameters<typeof failArchives>[2][number][] = [];
  for (const { claim, code, message } of unread) {
    const retrySeconds = retryDelaySeconds(claim.failures, random);
    if (retrySeconds === null) {
      hopeless.push({ claim, failure: { code, message }, beside: true });
      continue;
    }
    observe.failed(code, false);
    postponed.push({ sessionId: claim.sessionId, code, message, retrySeconds });
  }
  return { hopeless, postponed };
}

type Settled = { readonly healing: number; readonly moved: number };

async function distrust(ctx: ArchiveContext, token: ClaimToken, found: readonly Distrusted[]): Promise<Settled> {
  if (found.length === 0) return { healing: 0, moved: 0 };
  const told = await distrustArchives(ctx.database, token, found, MOST_TIMES_DISTRUSTED);
  let [healing, moved] = [0, 0];
  for (const { claim, failure } of found) {
    const dead = told.get(claim.sessionId);
    // Another worker has claimed the session in the meantime.
    if (dead === undefined) continue;
    if (!dead) healing += 1;
    if (failure === null) {
      moved += 1;
      continue;
    }
    const { sessionId, objectKey } = claim;
    ctx.observe.failed(failure.code, dead);
    ctx.observe.distrusted({ sessionId, objectKey, ...failure, dead });
  }
  return { healing, moved };
}
