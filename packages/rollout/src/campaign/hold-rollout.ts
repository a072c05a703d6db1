import { releaseRollout, renewRollout, type Sql, takeRollout } from '@phaselock/store';

/** Another process holds the lease of the rollout, or took it over. */
export class HeldByAnother extends Error {
  override readonly name = 'HeldByAnother';
  readonly holder: string;
  readonly until: Date | null;

  constructor(holder: string, until: Date | null) {
    super(
      until === null
        ? `the rollout was taken over by ${holder}`
        : `${holder} holds the rollout until ${until.toISOString()}, or longer if it renews its lease. \`--take-over\` takes the lease`,
    );
    this.holder = holder;
    this.until = until;
  }
}

export class UnknownFlag extends Error {
  override readonly name = 'UnknownFlag';
}

/** The lease of a rollout, with its fencing token. Disposing it releases the lease. */
export type HeldRollout = AsyncDisposable & { readonly fence: number };

export type HoldRollout = {
  readonly sql: Sql;
  readonly flag: string;
  readonly holder: string;
  readonly leaseMs: number;
  readonly takeOver: boolean;
};

const RENEWALS_A_LEASE = 3;

/** Takes the lease of the rollout, renews it while this process lives, and releases it at the end. */
export async function holdRollout({ sql, flag, holder, leaseMs, takeOver }: HoldRollout): Promise<HeldRollout> {
  const lease = await takeRollout(sql, { flag, holder, leaseMs, evenHeld: takeOver });
  if (lease.kind === 'unknown-flag') throw new UnknownFlag(`there is no flag ${flag}`);
  if (lease.kind === 'held') throw new HeldByAnother(lease.holder, lease.until);
  const { fence } = lease;
  // The next renewal makes up for a failed one. If all fail, the lease expires, and the fencing token refuses writes
  // after another process took it.
  const renew = (): void => void renewRollout(sql, flag, fence).catch(() => undefined);
  const timer = setInterval(renew, leaseMs / RENEWALS_A_LEASE);
  timer.unref();
  return {
    fence,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      // If the database is down, the lease expires.
      await releaseRollout(sql, flag, fence).catch(() => undefined);
    },
  };
}
