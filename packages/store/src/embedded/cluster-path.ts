import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { wayOut } from './way-out.ts';

const MAJOR_VERSION = '18';

/** The real path of an initialised cluster. The last step of making one is the name looked up here, so there are no half ones. */
export async function findCluster(link: string): Promise<string | undefined> {
  const path = await realpath(link).catch(() => undefined);
  if (path === undefined) return undefined;
  const version = await readFile(join(path, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    (cause: unknown) => {
      throw new Error(`${path} is not a PostgreSQL cluster, or not one we may read.`, { cause });
    },
  );
  if (version === MAJOR_VERSION) return path;
  throw new Error(`${path} was made by PostgreSQL ${version}, the embedded one is ${MAJOR_VERSION}. ${wayOut}`);
}
