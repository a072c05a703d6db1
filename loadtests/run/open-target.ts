import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dueInAll } from './faults/purge-periods.ts';
import { clearUpAfterUs, dataDirIn } from './product/clear-up.ts';
import { openOwnProduct } from './product/open-own-product.ts';
import type { AskedProduct, OwnProduct } from './product/product.ts';
import { redisDirIn, TAG } from './product/tagged-processes.ts';
import type { Target } from './read-arguments.ts';
import type { ScenarioNeeds } from './scenarios.ts';
import { seedBoard } from './seed/seed-board.ts';
import { seedDeleted } from './seed/seed-due.ts';

export type OpenedTarget =
  | { readonly kind: 'self'; readonly product: OwnProduct }
  | { readonly kind: 'address'; readonly product: AskedProduct };

export type OpenTarget = {
  readonly folder: string;
  readonly needs: ScenarioNeeds;
  readonly durationSeconds: number;
  readonly boardFile: string;
  /** API key of the target; only for an address. */
  readonly key: string;
  readonly owned: AsyncDisposableStack;
  readonly say: (line: string) => void;
};

type Self = Extract<Target, { kind: 'self' }>;

/**
 * Starts a product with the data that the scenario needs, which is removed with `owned`, or describes a running one.
 */
export async function openTarget(target: Target, options: OpenTarget): Promise<OpenedTarget> {
  if (target.kind === 'self') return { kind: 'self', product: await openSelf(target, options) };
  const { urls, databaseUrl } = target;
  const env = databaseUrl === undefined ? {} : { PHASELOCK_DATABASE_URL: databaseUrl };
  return { kind: 'address', product: { urls, key: options.key, databaseUrl, leaseMs: options.needs.leaseMs, env } };
}

async function openSelf(target: Self, { folder, needs, durationSeconds, boardFile, owned, say }: OpenTarget) {
  // Synchronous, so that an interrupt cannot happen between creating the folder and registering its cleanup.
  const home = mkdtempSync(join(realpathSync(tmpdir()), 'phaselock-load-'));
  const clearUp = clearUpAfterUs(home);
  // If root runs the load, PostgreSQL runs as another user, which must be able to enter this folder.
  chmodSync(home, 0o711);
  // All processes started from here inherit the tag.
  process.env[TAG] = home;
  owned.defer(async () => {
    const left = await clearUp();
    if (left.length > 0)
      throw new Error(`these processes had not ended with the run and were killed: ${left.join(', ')}`);
  });
  const seed = async (databaseUrl: string): Promise<void> => {
    if (needs.board) await writeFile(boardFile, JSON.stringify(await seedBoard(databaseUrl, target.sessions, say)));
    if (needs.purge) await seedDeleted(databaseUrl, dueInAll(durationSeconds), say);
  };
  const ending = new AbortController();
  const opening = openOwnProduct({
    folder,
    dataDir: dataDirIn(home),
    redisDir: redisDirIn(home),
    apis: target.apis,
    workers: target.workers,
    proxied: needs.faults,
    leaseMs: needs.leaseMs,
    streams: needs.followed.projects * needs.followed.streamsOfEach,
    seed,
    ended: ending.signal,
  });
  // On an interrupt during the start, the started programs end before their folder is removed.
  owned.defer(async () => {
    ending.abort();
    const product = await opening.catch(() => undefined);
    await product?.[Symbol.asyncDispose]();
  });
  const product = await opening;
  say(`the product is up: ${product.urls.join(', ')}${product.redis === undefined ? ', without Redis' : ''}`);
  return product;
}
