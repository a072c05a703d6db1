import type { StoreFailureCode } from '@phaselock/core';
import type { Distrusted, PurgeClaim } from '@phaselock/store';
import { concernsWholeStore, StoreFailure } from '../stores/object-store.ts';
import { verifyObject } from '../stores/read-verified.ts';
import type { ArchiveContext } from './archive-context.ts';
import { askStore } from './ask-store.ts';
import { inParallel } from './in-parallel.ts';

/** An object that could not be read for a reason that may be temporary. */
export type Unread = {
  readonly claim: PurgeClaim;
  readonly code: StoreFailureCode | 'unexpected';
  readonly message: string;
};

export type Proofs = {
  readonly proven: readonly PurgeClaim[];
  readonly distrusted: readonly Distrusted[];
  readonly unread: readonly Unread[];
  /** Set when the store itself stopped responding; the remaining objects were then not read. */
  readonly down: StoreFailure | undefined;
};

/** Each failed read may take as long as the store's time-out, so reading stops after this many. */
const MOST_UNREAD = 16;

/** Reads and hashes exactly the versions that the archives name. */
export async function proveObjects(ctx: ArchiveContext, claims: readonly PurgeClaim[]): Promise<Proofs> {
  const proven: PurgeClaim[] = [];
  const distrusted: Distrusted[] = [];
  const unread: Unread[] = [];
  let down: StoreFailure | undefined;
  await inParallel(claims, ctx.policy.writesAtATime, async (claim) => {
    if (down !== undefined || unread.length >= MOST_UNREAD) return;
    const looked = await look(ctx, claim);
    switch (looked.kind) {
      case 'proven':
        proven.push(claim);
        break;
      case 'distrusted':
        distrusted.push(looked);
        break;
      case 'unread': {
        const asked = looked.ofStore ? await askStore(ctx) : undefined;
        if (asked?.kind === 'failed') down = asked.failure;
        else unread.push(looked);
        break;
      }
    }
  });
  return { proven, distrusted, unread, down };
}

type Looked =
  | { readonly kind: 'proven' }
  | ({ readonly kind: 'distrusted' } & Distrusted)
  | ({ readonly kind: 'unread'; readonly ofStore: boolean } & Unread);

async function look({ store }: ArchiveContext, claim: PurgeClaim): Promise<Looked> {
  try {
    await verifyObject(store, claim);
    return { kind: 'proven' };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof StoreFailure)) return { kind: 'unread', claim, code: 'unexpected', message, ofStore: false };
    const { code } = error;
    if (code === 'object_damaged') return { kind: 'distrusted', claim, failure: { code, message }, beside: true };
    if (code !== 'object_missing') return { kind: 'unread', claim, code, message, ofStore: concernsWholeStore(code) };
    const failure = (await wasMoved(store, claim)) ? null : { code, message };
    return { kind: 'distrusted', claim, failure, beside: false };
  }
}

/** Whether the current version has the recorded hash: after a move to another bucket, version ids differ. */
const wasMoved = async (store: ArchiveContext['store'], claim: PurgeClaim): Promise<boolean> =>
  claim.objectVersion !== null &&
  (await verifyObject(store, { ...claim, objectVersion: null }).then(
    () => true,
    () => false,
  ));
