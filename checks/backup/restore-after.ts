import { copyFile, cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { prepareRestore, type RestoreTo } from '../../ops/backup/prepare-restore.ts';
import type { Remains } from './burn-down.ts';
import { knownSessions, objectsIn } from './known-sessions.ts';
import { type Service, startService } from './service.ts';

/** How long each phase of a restore took, until the service was ready. */
type RestoreTimes = {
  readonly copyMs: number;
  readonly recoverMs: number;
  readonly apiMs: number;
};

export type Restored = AsyncDisposable & {
  readonly service: Service;
  readonly archive: string;
  readonly times: RestoreTimes;
  readonly known: ReadonlySet<string>;
};

/** Restores a cluster and starts the service on it. Each restore uses its own copy of the archive store. */
export async function restoreAfter(remains: Remains, name: string, to: RestoreTo): Promise<Restored> {
  const { folder, backup, fetchWal, password, key } = remains;
  const dataDir = join(folder, name);
  const archive = join(folder, `${name}-archive`);
  await cp(remains.archive, archive, { recursive: true, preserveTimestamps: true });

  const since = performance.now();
  await mkdir(dataDir);
  await copyFile(password, join(dataDir, 'password'));
  await prepareRestore({ backup: backup.path, into: join(dataDir, 'cluster'), fetchWal, to });
  const copyMs = performance.now() - since;
  const service = await startService({ name, folder, dataDir, archive, key });
  return {
    service,
    archive,
    times: { copyMs, recoverMs: service.databaseMs, apiMs: service.apiMs },
    known: await knownSessions(service.postgres.url),
    [Symbol.asyncDispose]: () => service.stop(),
  };
}

/** Objects of sessions that are not in this database, not even as tombstones. */
export async function unknownObjects({ archive, service }: Restored): Promise<string[]> {
  const known = await knownSessions(service.postgres.url);
  return (await objectsIn(archive)).filter(({ session }) => !known.has(session)).map(({ path }) => path);
}

/** Removes every seal but the current one, as the purge worker does after an hour. */
export async function removeOldSeals(archive: string, present: string): Promise<void> {
  const seals = join(archive, 'phaselock-seals');
  for (const name of await readdir(seals)) if (name !== `${present}.json`) await rm(join(seals, name));
}
