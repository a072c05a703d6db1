import { markLapsed, shortenLeases } from '@phaselock/store';
import { announceLapsed } from './announce.ts';
import type { GuardContext } from './context.ts';
import { LAPSED_STATUS } from './lapsed-status.ts';

const AT_ONCE = 500;

/**
 * Marks processes whose lease has expired by the clock of the database as lost. Before that it shortens leases that
 * became too long because the clock stepped back. Several processes may run it at once: each lost process is found by
 * one of them. Returns how many this call found.
 */
export async function sweepLapsed(ctx: GuardContext): Promise<number> {
  while ((await shortenLeases(ctx.database, AT_ONCE)) === AT_ONCE);
  let found = 0;
  for (;;) {
    const lapsed = await markLapsed(ctx.database, AT_ONCE, LAPSED_STATUS);
    for (const one of lapsed) announceLapsed(ctx, one);
    found += lapsed.length;
    if (lapsed.length < AT_ONCE) return found;
  }
}
