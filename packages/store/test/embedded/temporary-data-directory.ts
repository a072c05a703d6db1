import { temporaryDirectory } from '@phaselock/testkit';
import { removeEmbeddedPostgres } from '../../src/embedded/remove-embedded-postgres.ts';

/** A data directory that is removed together with its server and cluster when its scope ends. */
export async function temporaryDataDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const { path } = await temporaryDirectory();
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      if (!(await removeEmbeddedPostgres(path))) throw new Error(`A test left a process running that uses ${path}.`);
    },
  };
}
