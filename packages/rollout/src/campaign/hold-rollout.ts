import { releaseRollout, renewRollout, type Sql, takeRollout } from '@phaselock/store';

/** Somebody else holds the rollout, or took it since. */
export class HeldByAnother extends Error {
  override readonly name = 'HeldByAnother';
  readonly holder: string;
  readonly until: Date | null;

  constructor(holder: string, until: Date | null) {
    super(
      until === null
        ? `the rollout was taken over by ${holder}`
        : `${holder} holds the rollout until ${until.toISOString()}, unless it goes on for longer. \`--take-over\` takes it away`,
    );
    this.holder = holder;
    this.until = until;
  }
}

export class UnknownFlag extends Error {
  override readonly name = 'UnknownFlag';
}

export type HeldRollout = AsyncDisposable & { readonly fence: number };

export type HoldRollout = {
  readonly sql: Sql;
  readonly flag: string;
  readonly holder: string;
  readonly leaseMs: number;
  readonly takeOver: boolean;
};

const RENEWALS_A_LEASE = 3;

/** Takes the one writer's place, keeps it while this process lives, and gives it back. */
export async function holdRollout({ sql, flag, holder, leaseMs, takeOver }: HoldRollout): Promise<HeldRollout> {
  const lease = await takeRollout(sql, { flag, holder, leaseMs, evenHeld: takeOver });
  if (lease.kind === 'unknown-flag') throw new UnknownFlag(`there is no flag ${flag}`);
  if (lease.kind === 'held') throw new HeldByAnother(lease.holder, lease.until);
  const { fence } = lease;
  // A renewal that fails is made up for by the next one; when all of them do, the lease lapses, and the fence refuses what comes after another's.
  const renew = (): void => void renewRollout(sql, flag, fence).catch(() => undefined);
  const timer = setInterval(renew, leaseMs / RENEWALS_A_LEASE);
  timer.unref();
  return {
    fence,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      // With the database down it lapses by itself.
      await releaseRollout(sql, flag, fence).catch(() => undefined);
    },
  };
}
