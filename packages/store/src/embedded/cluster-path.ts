import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { wayOut } from './way-out.ts';

const MAJOR_VERSION = '18';

/** The real path of the cluster. A cluster gets its name in the last step of its creation, so it is complete. */
export async function findCluster(link: string): Promise<string | undefined> {
  const path = await realpath(link).catch(() => undefined);
  if (path === undefined) return undefined;
  const version = await readFile(join(path, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    (cause: unknown) => {
      throw new Error(`${path} is not a PostgreSQL cluster, or its files cannot be read.`, { cause });
    },
  );
  if (version === MAJOR_VERSION) return path;
  throw new Error(`${path} was created by PostgreSQL ${version}; the embedded version is ${MAJOR_VERSION}. ${wayOut}`);
}
