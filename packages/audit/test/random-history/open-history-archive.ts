import { join } from 'node:path';
import type { Database } from '@phaselock/store';
import { temporaryDirectory } from '@phaselock/testkit';
import {
  examineDocument,
  examineStore,
  listObjects,
  listSeals,
  openObjectStore,
  runSteps,
} from '../../../archive/src/index.ts';
import { AT_ONCE } from '../../../archive/test/at-once.ts';
import { contextAtOnce } from '../../../archive/test/context-at-once.ts';
import type { AuditOptions } from '../../src/audit.ts';

export type HistoryArchive = AsyncDisposable & {
  /** Archives deleted sessions, and purges those that were deleted long enough ago. Returns how many were purged. */
  purge(database: Database): Promise<number>;
  /** What an audit reads of the archive. */
  readonly read: Required<Pick<AuditOptions, 'examine' | 'examineStore' | 'listStore'>>;
};

/** By default, some calls still concern a session that is archived, but not purged yet. */
export async function openHistoryArchive({ purgeAfterSeconds = 3 } = {}): Promise<HistoryArchive> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryDirectory());
  const store = stack.use(await openObjectStore(`folder:${join(path, 'archive')}`));
  const owned = stack.move();
  return {
    purge: async (database) => {
      const policy = { ...AT_ONCE, purgeAfterSeconds, batchLimit: 100 };
      const done = await runSteps(contextAtOnce({ database, store, scratch: path, policy, random: Math.random }));
      return done.purged;
    },
    read: {
      examine: (object, take) => examineDocument(store, object, take),
      examineStore: (recorded) => examineStore(store, recorded),
      listStore: { objects: () => listObjects(store), seals: () => listSeals(store) },
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
