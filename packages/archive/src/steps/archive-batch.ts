import type { SessionId, StoreFailureCode } from '@phaselock/core';
import {
  type ArchiveClaim,
  type ArchiveFailure,
  announceObjects,
  type ClaimToken,
  claimForArchive,
  failArchives,
  leaveObjects,
  type Manifest,
  type MarkedIn,
  markArchived,
  releaseClaims,
} from '@phaselock/store';
import { sealStore } from '../identity/seal-store.ts';
import { concernsWholeStore, StoreFailure } from '../stores/object-store.ts';
import type { ArchiveContext } from './archive-context.ts';
import { type Asked, askStore } from './ask-store.ts';
import { inParallel } from './in-parallel.ts';
import { keepClaims } from './keep-claims.ts';
import { keepObject } from './keep-object.ts';
import { type PackedSession, packSessions } from './pack-sessions.ts';
import { retryDelaySeconds } from './retry-delay.ts';

export type ArchivedBatch = {
  readonly claimed: number;
  readonly archived: number;
  readonly failed: number;
  readonly bytes: number;
  /** Every session of a chunk failed because of the store: the remaining claims were released untried. */
  readonly storeDown: boolean;
  /** The store is not the known one: nothing was marked and no failure was counted for any session. */
  readonly changedStore: StoreFailure | undefined;
};

/**
 * Sessions that are read, written and marked together: few enough to fit into memory, enough to share the round trips.
 */
const CHUNK = 32;

/**
 * Claims a batch and archives it in chunks. If it is interrupted, the marked sessions stay archived and the others are
 * claimed again.
 */
export async function archiveBatch(ctx: ArchiveContext, signal?: AbortSignal): Promise<ArchivedBatch> {
  const { database, policy, observe, racepoint } = ctx;
  const token = ctx.newToken();
  const claims = await claimForArchive(database, {
    token,
    limit: policy.batchLimit,
    leaseSeconds: policy.leaseSeconds,
    minAgeSeconds: policy.archiveAfterSeconds,
  });
  const done: Mutable<ArchivedBatch> = { claimed: claims.length, ...NOTHING };
  if (claims.length === 0) return done;
  observe.batch(claims.length);
  await racepoint?.('claimed');

  await using ending = new AsyncDisposableStack();
  ending.defer(async () => void (await releaseClaims(database, token).catch(() => 0)));
  ending.use(keepClaims(ctx, token));
  let asked = await sealed(ctx, await askStore(ctx));
  for (let at = 0; at < claims.length && !done.storeDown && signal?.aborted !== true; at += CHUNK) {
    const chunk = await archiveChunk(ctx, token, claims.slice(at, at + CHUNK), asked);
    asked = chunk.asked;
    done.archived += chunk.archived;
    done.failed += chunk.failed;
    done.bytes += chunk.bytes;
    done.storeDown = chunk.storeDown;
    if (asked.kind === 'failed' && asked.failure.code === 'store_changed') {
      done.changedStore = asked.failure;
      break;
    }
    await ctx.pace({ sessions: chunk.archived + chunk.failed, bytes: chunk.bytes }, signal);
  }
  if (done.archived > 0) await sealed(ctx, asked);
  return done;
}

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };
const NOTHING = { archived: 0, failed: 0, bytes: 0, storeDown: false, changedStore: undefined } as const;

/**
 * Writes a new seal before the first object of a batch and after the last one. A copy of the store made before or in
 * between lacks the later seal.
 */
async function sealed(ctx: ArchiveContext, asked: Asked): Promise<Asked> {
  if (asked.kind === 'failed') return asked;
  try {
    await sealStore(ctx, asked.store);
  } catch (failure) {
    // The object writes will fail in the same way, and those failures are counted.
    if (!(failure instanceof StoreFailure)) throw failure;
  }
  return asked;
}

type Chunk = Omit<ArchivedBatch, 'claimed' | 'changedStore'> & { readonly asked: Asked };
type Tried = { readonly sessionId: SessionId } & (
  | { readonly kind: 'kept'; readonly manifest: Manifest }
  | { readonly kind: 'failed'; readonly code: StoreFailureCode | 'unexpected'; readonly message: string }
);

/** `asked` is the latest check of the store: before the first chunk, or after the previous chunk was written. */
async function archiveChunk(
  ctx: ArchiveContext,
  token: ClaimToken,
  claims: readonly ArchiveClaim[],
  asked: Asked,
): Promise<Chunk> {
  const { database, policy, racepoint } = ctx;
  if (asked.kind === 'failed') return await failChunk(ctx, token, claims, asked);
  const packed = await packSessions(ctx, claims);
  await using bodies = new AsyncDisposableStack();
  for (const { body } of packed) bodies.use(body);
  await racepoint?.('packed');
  const places = packed.map(({ manifest: { sessionId, objectKey } }) => ({ sessionId, objectKey }));
  const ours = await announceObjects(database, token, places, policy.leaseSeconds);
  await racepoint?.('announced');

  const tried = await inParallel(packed, policy.writesAtATime, async (one): Promise<Tried> => {
    const { sessionId, objectKey } = one.manifest;
    if (ours.has(sessionId)) return await tryToKeep(ctx, one);
    // Another worker may have claimed the session instead; then recording this failure has no effect.
    return { kind: 'failed', sessionId, code: 'object_in_removal', message: `${objectKey} is being removed` };
  });
  const kept = tried.flatMap((one) => (one.kind === 'kept' ? [one.manifest] : []));
  const failed = tried.filter((one) => one.kind === 'failed');
  const written = await askStore(ctx);
  if (written.kind === 'failed') return await failChunk(ctx, token, claims, written);
  const marked = await mark(ctx, { storeId: written.store.id, token }, kept);
  await giveUp(ctx, token, claims, failed);
  const storeDown =
    tried.length > 0 &&
    failed.length === tried.length &&
    failed.every(({ code }) => code !== 'unexpected' && concernsWholeStore(code));
  return { ...marked, failed: failed.length, storeDown, asked: written };
}

/**
 * Nothing is marked unless the store is confirmed to be the known one. If it is another store, no failure is counted
 * for the sessions.
 */
async function failChunk(
  ctx: ArchiveContext,
  token: ClaimToken,
  claims: readonly ArchiveClaim[],
  asked: Asked & { readonly kind: 'failed' },
): Promise<Chunk> {
  const none = { archived: 0, bytes: 0, asked };
  const { code, message } = asked.failure;
  if (code === 'store_changed') return { ...none, failed: 0, storeDown: true };
  await giveUp(
    ctx,
    token,
    claims,
    claims.map(({ sessionId }) => ({ kind: 'failed', sessionId, code, message })),
  );
  return { ...none, failed: claims.length, storeDown: true };
}

async function tryToKeep(ctx: ArchiveContext, one: PackedSession): Promise<Tried> {
  const { sessionId } = one.manifest;
  try {
    return { kind: 'kept', sessionId, manifest: await keepObject(ctx, one) };
  } catch (error) {
    const code = error instanceof StoreFailure ? error.code : 'unexpected';
    return { kind: 'failed', sessionId, code, message: error instanceof Error ? error.message : String(error) };
  }
}

async function mark(
  { database, policy, observe, racepoint }: ArchiveContext,
  by: MarkedIn,
  kept: readonly Manifest[],
): Promise<Pick<Chunk, 'archived' | 'bytes'>> {
  if (kept.length === 0) return { archived: 0, bytes: 0 };
  const marked = await markArchived(database, by, kept, policy.retentionDays);
  await racepoint?.('marked');
  const archived = kept.filter(({ sessionId }) => marked.get(sessionId) === 'archived');
  // Another worker holds these claims now. It uses the object if its content is the same; otherwise the object is a
  // leftover.
  const others = kept.filter(({ sessionId }) => !['archived', 'changed'].includes(marked.get(sessionId) ?? ''));
  if (others.length > 0)
    await leaveObjects(
      database,
      others.map(({ objectKey }) => objectKey),
    );
  const changed = kept.length - archived.length - others.length;
  if (changed > 0) observe.changed(changed);
  const bytes = archived.reduce((sum, one) => sum + one.bytes, 0);
  if (archived.length > 0) observe.archived(archived.length, bytes);
  return { archived: archived.length, bytes };
}

/**
 * Schedules a retry, or makes the session a dead letter. If another object occupies the key, the next try uses a new
 * key.
 */
async function giveUp(
  { database, observe, random }: ArchiveContext,
  token: ClaimToken,
  claims: readonly ArchiveClaim[],
  failed: readonly (Tried & { readonly kind: 'failed' })[],
): Promise<void> {
  if (failed.length === 0) return;
  const failuresOf = new Map(claims.map(({ sessionId, failures }) => [sessionId, failures]));
  const failures = failed.map(({ sessionId, code, message }): ArchiveFailure => {
    const again = retryDelaySeconds(failuresOf.get(sessionId) ?? 0, random);
    observe.failed(code, again === null);
    return { sessionId, code, message, retrySeconds: again };
  });
  await failArchives(database, token, failures);
}
