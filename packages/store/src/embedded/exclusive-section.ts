import { pollUntil } from './poll-until.ts';
import { type Claim, liveClaims, makeClaim } from './process-claims.ts';

/**
 * Runs the work while no other process (and no other call in this one) runs work under the same directory. Everyone
 * first writes a claim and only then looks: of two that come together at least one sees the other and steps back. So
 * there is no lock to steal from the dead, and no moment when a thief could rob the living.
 */
export async function runExclusively<Result>(
  directory: string,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  // Unequal steps keep two that stepped back together from meeting again.
  const everyMs = 10 + Math.random() * 30;
  const claim = await pollUntil(() => tryClaim(directory), { timeoutMs, everyMs, signal });
  if (claim === undefined) {
    const [holder] = await liveClaims(directory);
    throw new Error(`Waited ${timeoutMs} ms for process ${holder?.split('-')[0]} to be done (claims in ${directory}).`);
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
