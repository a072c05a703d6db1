import { randomUUID } from 'node:crypto';
import { NOOP_PROVIDER, OpenFeature, type Provider } from '@openfeature/server-sdk';
import { FLAGS, PhaselockError, type SlotKey } from '@phaselock/core';
import {
  type Database,
  type FlagChangeRow,
  type FlagState,
  type KillFlag,
  killFlag,
  listFlagChanges,
  type PageAfter,
  type PageOf,
  pageOf,
  readFlagState,
  readFlagStates,
  type SetFlag,
  setFlag,
} from '@phaselock/store';
import { LOCK_STRATEGIES, type Logger, type Telemetry } from '@phaselock/telemetry';
import { type Enrolment, enrolmentOf } from './enrolment.ts';
import { patientClient, promptClient } from './flag-client.ts';
import { postgresFlagProvider } from './postgres-provider.ts';
import { watchFlags } from './watch-flags.ts';

export type OpenFlags = AsyncDisposable & {
  enrolmentOf(subject: string | undefined): Promise<Enrolment>;
  /** The lock settings of a task. They are bucketed by task, so that all starts in a task lock in the same way. */
  locks(slot: Pick<SlotKey, 'taskId'>): Promise<{
    readonly pessimistic_locking_enabled: boolean;
    readonly locking_strategy: string | undefined;
  }>;
  /** The flags as they are in the database now. */
  list(): Promise<FlagState[]>;
  set(change: SetFlag): Promise<FlagState>;
  /** Switches a flag off for everybody. No lock and no other change delays it. */
  kill(kill: KillFlag): Promise<FlagState>;
  changes(flag: string, page: PageAfter<number>): Promise<PageOf<FlagChangeRow, number>>;
};

export type OpenFlagsOptions = {
  readonly databaseUrl: string;
  /** A pool apart from the one for requests, so that flags can be set while that one is exhausted. */
  readonly reserve: Database;
  /** A pool for kills only, because other statements in the pool `reserve` may wait for a lock. */
  readonly forKills: Database;
  readonly telemetry: Pick<Telemetry, 'flags'>;
  readonly logger: Logger;
  /** A third-party provider. The database can still switch a flag off. */
  readonly provider?: Provider | undefined;
};

/** Opens the flags of one process. */
export async function openFlags({
  databaseUrl,
  reserve,
  forKills,
  telemetry,
  logger,
  provider,
}: OpenFlagsOptions): Promise<OpenFlags> {
  await using resources = new AsyncDisposableStack();
  const watch = resources.use(watchFlags({ databaseUrl, logger }));
  resources.defer(
    telemetry.flags.observe(() => ({ states: [...(watch.known()?.values() ?? [])], ageMs: watch.ageMs() })),
  );
  // The SDK keeps its providers for the whole process; separate domains keep two services in one process apart.
  const domain = `phaselock-${randomUUID()}`;
  await OpenFeature.setProviderAndWait(domain, provider ?? postgresFlagProvider(watch));
  resources.defer(() => OpenFeature.setProviderAndWait(domain, NOOP_PROVIDER));
  const client = (provider === undefined ? promptClient : patientClient)(OpenFeature.getClient(domain));
  const isOff = async (name: string): Promise<boolean> => (await watch.flags()).get(name)?.enabled === false;

  const owned = resources.move();
  return {
    enrolmentOf: (subject) => enrolmentOf({ watch, client }, subject),
    async locks({ taskId: targetingKey }) {
      const isNamed = !(await isOff('locking_strategy'));
      const named = isNamed ? (await client.string('locking_strategy', '', { targetingKey })).value : '';
      const isPessimistic =
        !(await isOff('pessimistic_locking_enabled')) &&
        (await client.boolean('pessimistic_locking_enabled', true, { targetingKey })).value;
      return { pessimistic_locking_enabled: isPessimistic, locking_strategy: named === '' ? undefined : named };
    },
    list: () => readFlagStates(reserve),
    async set(change) {
      refuseUnknownStrategy(change);
      const flag = await setFlag(reserve, change);
      if (flag === 'not-found') throw new PhaselockError('flag_not_found');
      if (flag === 'version-mismatch') throw new PhaselockError('version_mismatch');
      // If the database fails next, this process must keep the new value.
      await watch.refresh();
      return flag;
    },
    async kill(kill) {
      if (!FLAGS.some((name) => name === kill.name)) throw new PhaselockError('flag_not_found');
      await killFlag(forKills, kill);
      await watch.refresh();
      const known = watch.known()?.get(kill.name);
      // While the table `flags` is locked, it is known that the flag is off, but its row cannot be read.
      const flag = known?.enabled === false ? known : await readFlagState(forKills, kill.name);
      if (flag === undefined) throw new PhaselockError('flag_not_found');
      return flag;
    },
    changes: (flag, page) =>
      pageOf(
        page,
        (asked) => listFlagChanges(reserve.kysely, flag, asked),
        ({ id }) => id,
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function refuseUnknownStrategy({ name, value }: SetFlag): void {
  if (name !== 'locking_strategy' || value === undefined || value === null) return;
  if (LOCK_STRATEGIES.some((strategy) => strategy === value)) return;
  throw new PhaselockError('invalid_request', { detail: `value: one of ${LOCK_STRATEGIES.join(', ')}` });
}
