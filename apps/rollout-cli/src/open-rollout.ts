import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { ladderFor, openPrometheus, type Prometheus, readStages, type Stages } from '@phaselock/rollout';
import { type Database, hasEmbeddedPostgres, openDatabase, startEmbeddedPostgres } from '@phaselock/store';
import type { Config, DatabaseConfig } from './settings.ts';

export type RolloutDatabase = AsyncDisposable & {
  readonly database: Database;
  /** The author of changes, as recorded. */
  readonly actor: string;
};

export type Rollout = RolloutDatabase & {
  readonly config: Config;
  /** The name of this process as the holder of a lease; it is unique. */
  readonly holder: string;
};

/** The input or the environment cannot be used. The message is for the user. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
}

/** Opens the database of the service, and starts the embedded server if it is not running. */
export async function openRolloutDatabase(config: DatabaseConfig, by: string | undefined): Promise<RolloutDatabase> {
  await using resources = new AsyncDisposableStack();
  const url = config.databaseUrl ?? resources.use(await joinEmbedded(config.dataDir)).url;
  const database = resources.use(openDatabase({ url, maxSize: 3, applicationName: 'phaselock-rollout' }));
  const owned = resources.move();
  return { database, actor: by ?? userInfo().username, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export async function openRollout(config: Config, by: string | undefined): Promise<Rollout> {
  const opened = await openRolloutDatabase(config, by);
  const holder = `${opened.actor}@${hostname()}/${process.pid}-${randomBytes(2).toString('hex')}`;
  return { ...opened, config, holder };
}

/** Refuses a folder without an embedded database: a start of the server would create an empty one. */
async function joinEmbedded(dataDir: string) {
  if (await hasEmbeddedPostgres(dataDir)) return await startEmbeddedPostgres({ dataDir });
  throw new Unusable(
    `there is no database: PHASELOCK_DATABASE_URL is not set, and ${dataDir} holds no embedded one (PHASELOCK_DATA_DIR)`,
  );
}

/**
 * Only commands that judge, or need the next stage, read the file, so that a mistake in it cannot prevent an abort or a
 * kill.
 */
export async function readStagesFile({ stagesFile }: Config, flag: string): Promise<Stages> {
  const text = await readFile(stagesFile, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Unusable(`the stages cannot be read (PHASELOCK_ROLLOUT_STAGES): ${why}`);
  });
  const stages = readStages(text);
  if (ladderFor(stages, flag) === undefined) throw new Unusable(`${stagesFile} has no stages for the flag ${flag}`);
  return stages;
}

export const prometheusOf = ({ prometheusUrl, prometheusTokenFile }: Config, stages: Stages): Prometheus =>
  openPrometheus({ url: prometheusUrl, tokenFile: prometheusTokenFile, bounds: stages.prometheus });
