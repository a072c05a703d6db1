import { markLapsed, shortenLeases } from '@phaselock/store';
import { announceLapsed } from './announce.ts';
import type { GuardContext } from './context.ts';
import { LAPSED_STATUS } from './lapsed-status.ts';

const AT_ONCE = 500;

/**
 * Marks the processes whose lease has lapsed by the database's clock as lost, after shortening those leases under which that clock has stepped
 * back. Any number of processes may run it: each lapsed process is found by one of them. Returns how many this call found.
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
