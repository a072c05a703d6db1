import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { ladderFor, openPrometheus, type Prometheus, readStages, type Stages } from '@phaselock/rollout';
import { type Database, hasEmbeddedPostgres, openDatabase, startEmbeddedPostgres } from '@phaselock/store';
import type { Config, DatabaseConfig } from './settings.ts';

export type RolloutDatabase = AsyncDisposable & {
  readonly database: Database;
  /** Who acts, in the record. */
  readonly actor: string;
};

export type Rollout = RolloutDatabase & {
  readonly config: Config;
  /** Which process acts: no two are called the same. */
  readonly holder: string;
};

/** What is known to be wrong with what the command was given, as a sentence. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
}

/** The database the service uses, whether the service runs or not. */
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

/** Starting the embedded server makes a cluster where there is none, and there is nothing to roll out in an empty one. */
async function joinEmbedded(dataDir: string) {
  if (await hasEmbeddedPostgres(dataDir)) return await startEmbeddedPostgres({ dataDir });
  throw new Unusable(
    `there is no database: PHASELOCK_DATABASE_URL is not set, and ${dataDir} holds no embedded one (PHASELOCK_DATA_DIR)`,
  );
}

/** Only what has to judge, or to know the next stage, reads the file: an abort or a kill does not fail for a mistake in it. */
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
