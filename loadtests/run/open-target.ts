import { chmodSync, mkdtempSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dueInAll } from './faults/purge-periods.ts';
import { clearUpAfterUs, dataDirIn } from './product/clear-up.ts';
import { openOwnProduct } from './product/open-own-product.ts';
import type { AskedProduct, OwnProduct } from './product/product.ts';
import { redisDirIn, TAG } from './product/tagged-processes.ts';
import { type Target, UsageError } from './read-arguments.ts';
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
  readonly owned: AsyncDisposableStack;
  readonly say: (line: string) => void;
};

type Self = Extract<Target, { kind: 'self' }>;
type Address = Extract<Target, { kind: 'address' }>;

/** A product of ours, filled as the scenario needs it and gone with `owned`; or one that is there already. */
export async function openTarget(target: Target, options: OpenTarget): Promise<OpenedTarget> {
  if (target.kind === 'self') return { kind: 'self', product: await openSelf(target, options) };
  return { kind: 'address', product: await knownProduct(target, options.needs) };
}

async function openSelf(target: Self, { folder, needs, durationSeconds, boardFile, owned, say }: OpenTarget) {
  // In one step, so that an interrupt finds either nothing or all of it.
  const home = mkdtempSync(join(tmpdir(), 'phaselock-load-'));
  const clearUp = clearUpAfterUs(home);
  // Run by root, PostgreSQL is another user: it may pass through.
  chmodSync(home, 0o711);
  // What we start inherits it, whoever of us starts it.
  process.env[TAG] = home;
  owned.defer(async () => {
    const left = await clearUp();
    if (left.length > 0) throw new Error(`these processes had not ended with the run: ${left.join(', ')}`);
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
  // Interrupted while it starts: what has been started ends first, and what it is kept in is removed then.
  owned.defer(async () => {
    ending.abort();
    const product = await opening.catch(() => undefined);
    await product?.[Symbol.asyncDispose]();
  });
  const product = await opening;
  say(`the product is up: ${product.urls.join(', ')}${product.redis === undefined ? ', without Redis' : ''}`);
  return product;
}

async function knownProduct(
  { urls, keyFile, databaseUrl }: Address,
  { leaseMs }: ScenarioNeeds,
): Promise<AskedProduct> {
  const key = await readFile(keyFile, 'utf8').catch((error: unknown) => {
    throw new UsageError(`--key-file cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  for (const url of urls) await insistOnAnswer(url);
  const env = databaseUrl === undefined ? {} : { PHASELOCK_DATABASE_URL: databaseUrl };
  return { urls, key: key.trim(), databaseUrl, leaseMs, env };
}

const ANSWERS_WITHIN_MS = 5_000;

/** A load on an address where nobody answers would be a long way to find that out. */
async function insistOnAnswer(url: string): Promise<void> {
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) }).catch(
    () => undefined,
  );
  await answer?.body?.cancel();
  if (answer === undefined) throw new Error(`nobody answers at ${url}`);
  if (!answer.ok) throw new Error(`${url} is not ready: /readyz says ${answer.status}`);
}
