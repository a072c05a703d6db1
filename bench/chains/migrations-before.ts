import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const MIGRATIONS = resolve(import.meta.dirname, '../../packages/store/migrations');

/** A folder with the migrations before this one: the schema of an earlier release. */
export async function migrationsBefore(first: string): Promise<AsyncDisposable & { readonly url: URL }> {
  const folder = await mkdtemp(join(tmpdir(), 'phaselock-bench-migrations-'));
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql') && name < first);
  for (const name of names) await copyFile(join(MIGRATIONS, name), join(folder, name));
  return {
    url: pathToFileURL(`${folder}/`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
