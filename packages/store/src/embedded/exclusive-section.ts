import { pollUntil } from './poll-until.ts';
import { type Claim, liveClaims, makeClaim } from './process-claims.ts';

/**
 * Runs the work while no other process (and no other call in this one) runs work under the same directory. Each caller
 * first writes a claim and then lists the claims: of two concurrent callers, at least one sees the other and removes
 * its claim. Claims of dead processes are ignored, so there is no stale lock to take over.
 */
export async function runExclusively<Result>(
  directory: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  // A random interval, so that two callers that stepped back together do not collide again.
  const everyMs = 10 + Math.random() * 30;
  const claim = await pollUntil(() => tryClaim(directory), { timeoutMs, everyMs, signal });
  if (claim === undefined) {
    const [holder] = await liveClaims(directory);
    throw new Error(`Waited ${timeoutMs} ms for process ${holder?.split('-')[0]} to finish (claims in ${directory}).`);
  }
  try {
    return await work();
  } finally {
    await claim.release();
  }
}

async function tryClaim(directory: string): Promise<Claim | undefined> {
  if ((await liveClaims(directory)).length > 0) return undefined;
  const claim = await makeClaim(directory);
  const others = (await liveClaims(directory)).filter((name) => name !== claim.name);
  if (others.length === 0) return claim;
  await claim.release();
  return undefined;
}
