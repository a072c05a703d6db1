import { resolve } from 'node:path';
import type { TaskId } from '@phaselock/core';
import type { Guard } from '@phaselock/guard';
import type { Logger } from '@phaselock/telemetry';
import type { Config } from '../config/read-config.ts';
import { banner } from './banner.ts';
import { firstTask } from './first-task.ts';
import { localKey, type MadeLocalKey } from './local-key.ts';

/** Data for the text printed after the start: the local key, and a task to try the service with. */
export type Introduction = { readonly key: MadeLocalKey | undefined; readonly taskId: TaskId | undefined };

/** Prepares key and task for the embedded database only. Another database is not changed. */
export async function prepareIntroduction(
  { auth, dataDir, databaseUrl }: Config,
  guard: Guard,
  logger: Pick<Logger, 'warn'>,
): Promise<Introduction> {
  if (databaseUrl !== undefined) return { key: undefined, taskId: undefined };
  const warn = (text: string): void => logger.warn({ 'event.action': 'local-key-replaced' }, text);
  const key = auth === 'keys' ? await localKey(guard, dataDir, warn) : undefined;
  return { key, taskId: await firstTask(guard) };
}

type Introducing = Introduction & {
  readonly config: Config;
  readonly url: string;
  readonly tookMs: number;
  readonly showsSecrets: boolean;
};

export const introduce = ({ config, url, tookMs, showsSecrets, key, taskId }: Introducing): string =>
  banner({
    url,
    tookMs,
    database:
      config.databaseUrl === undefined
        ? `an embedded PostgreSQL, kept in ${config.dataDir}`
        : 'the one in PHASELOCK_DATABASE_URL',
    auth: config.auth,
    key: key && { file: resolve(key.file), shown: showsSecrets ? key.key : undefined },
    taskId,
  });
