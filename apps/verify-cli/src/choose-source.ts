import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  openClaudeServer,
  openObra,
  openOwnDatabase,
  openVibeKanban,
  type Source,
  SourceFailure,
} from '@phaselock/audit';
import { type SourceChoice, UsageError, type Verify } from './read-arguments.ts';

const NO_HURRY_MS = 3_600_000;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Our own database is told as well: what is to be recorded is recorded there, by another connection. */
type Opened = Source & { readonly databaseUrl?: string };

/** What the arguments and the environment say is to be looked at, opened so that nothing can be written. */
export async function openSource(command: Verify, env: Environment): Promise<Opened> {
  const { wanted, maxDurationMs, database, source } = command;
  if (source !== undefined) return openForeign(source, command);
  const options = { statementTimeoutMs: maxDurationMs ?? NO_HURRY_MS, wanted };
  const url = database ?? (env.PHASELOCK_DATABASE_URL || undefined);
  if (url !== undefined) {
    if (!/^postgres(ql)?:\/\//.test(url)) throw new SourceFailure('the database is a postgres:// URL');
    return { ...(await openOwnDatabase({ url, ...options })), databaseUrl: url };
  }
  return await openEmbedded(env.PHASELOCK_DATA_DIR || '.phaselock', options);
}

function openForeign({ kind, path }: SourceChoice, { wanted, profiles }: Verify): Source {
  if (wanted.kind !== 'all' && wanted.kind !== 'attempt')
    throw new UsageError('of another system, an attempt or --all can be audited');
  if (kind === 'vibe-kanban') return openVibeKanban({ path, profiles, wanted });
  if (wanted.kind === 'attempt') throw new UsageError(`${kind} has no attempts; use --all`);
  return kind === 'obra' ? openObra(path) : openClaudeServer(path);
}

/** The one `start` runs on, whether it runs or not. */
async function openEmbedded(
  dataDir: string,
  options: Omit<Parameters<typeof openOwnDatabase>[0], 'url'>,
): Promise<Opened> {
  if (!existsSync(join(dataDir, 'postgres')) && !existsSync(dataDir))
    throw new SourceFailure(
      `there is no database: neither --database nor PHASELOCK_DATABASE_URL is given, and ${dataDir} is not there`,
    );
  const { startEmbeddedPostgres } = await embedded(dataDir);
  const server = await startEmbeddedPostgres({ dataDir });
  try {
    const source = await openOwnDatabase({ url: server.url, ...options });
    return {
      ...source,
      databaseUrl: server.url,
      [Symbol.asyncDispose]: async () => {
        await source[Symbol.asyncDispose]();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** The published command is one file, and does not bring a server along. */
const embedded = (dataDir: string): Promise<typeof import('@phaselock/store')> =>
  import('@phaselock/store').catch((error: unknown) => {
    throw new SourceFailure(`the database in ${dataDir} is started by phaselock itself; give --database`, {
      cause: error,
    });
  });
