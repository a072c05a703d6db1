import { type ObjectExaminer, SourceFailure, type StoreExaminer, type StoreLister } from '@phaselock/audit';
import type { Environment } from './choose-source.ts';
import type { Verify } from './read-arguments.ts';

type OpenedArchive = AsyncDisposable & {
  readonly examine: ObjectExaminer;
  readonly examineStore: StoreExaminer;
  readonly listStore: StoreLister;
};

/** Opens the archive of the service for reading. */
export async function openArchive({ archive }: Verify, env: Environment): Promise<OpenedArchive> {
  const { archiveAddress, examineDocument, examineStore, listObjects, listSeals, openObjectStore } =
    await archivePackage();
  const archiveUrl = archive ?? (env.PHASELOCK_ARCHIVE_URL || undefined);
  const address = archiveAddress({ archiveUrl, dataDir: env.PHASELOCK_DATA_DIR || '.phaselock' });
  const store = await openObjectStore(address).catch((error: unknown) => {
    throw new SourceFailure(error instanceof Error ? error.message : String(error), { cause: error });
  });
  return {
    examine: (object, take) => examineDocument(store, object, take),
    examineStore: (known) => examineStore(store, known),
    listStore: { objects: () => listObjects(store), seals: () => listSeals(store) },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Imported on demand: the published command is a single file without the archive package and its SDK. */
const archivePackage = (): Promise<typeof import('@phaselock/archive')> =>
  import('@phaselock/archive').catch((error: unknown) => {
    throw new SourceFailure('--deep is not available in the packed command: run verify-sessions from the repository', {
      cause: error,
    });
  });
