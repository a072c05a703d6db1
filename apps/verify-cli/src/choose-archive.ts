import { type ObjectExaminer, SourceFailure, type StoreExaminer } from '@phaselock/audit';
import type { Environment } from './choose-source.ts';
import type { Verify } from './read-arguments.ts';

type OpenedArchive = AsyncDisposable & {
  readonly examine: ObjectExaminer;
  readonly examineStore: StoreExaminer;
};

/** The archive the service keeps, to be read only. */
export async function openArchive({ archive }: Verify, env: Environment): Promise<OpenedArchive> {
  const { archiveAddress, examineObject, examineStore, openObjectStore } = await archivePackage();
  const archiveUrl = archive ?? (env.PHASELOCK_ARCHIVE_URL || undefined);
  const address = archiveAddress({ archiveUrl, dataDir: env.PHASELOCK_DATA_DIR || '.phaselock' });
  const store = await openObjectStore(address).catch((error: unknown) => {
    throw new SourceFailure(error instanceof Error ? error.message : String(error), { cause: error });
  });
  return {
    examine: (object) => examineObject(store, object),
    examineStore: (known) => examineStore(store, known),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** The published command is one file, and does not bring the archive's SDK along. */
const archivePackage = (): Promise<typeof import('@phaselock/archive')> =>
  import('@phaselock/archive').catch((error: unknown) => {
    throw new SourceFailure('--deep reads the archive with what is in the repository of phaselock: run it there', {
      cause: error,
    });
  });
