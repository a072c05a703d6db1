import { existsSync } from 'node:fs';
import {
  openClaudeServer,
  openObra,
  openOwnDatabase,
  openVibeKanban,
  type Source,
  SourceFailure,
} from '@phaselock/audit';
import type { SourceChoice, Verify } from './read-arguments.ts';
import { UsageError } from './usage-error.ts';

/** Statement timeout without `--max-duration`. */
const NO_HURRY_MS = 3_600_000;

export type Environment = Readonly<Record<string, string | undefined>>;

/** `databaseUrl` is set for a phaselock database: `--record` writes to it over a separate connection. */
type Opened = Source & { readonly databaseUrl?: string };

/** The arguments that select a source. */
type Chosen = Pick<Verify, 'wanted' | 'database'> &
  Partial<Pick<Verify, 'maxDurationMs' | 'source' | 'profiles' | 'chain' | 'deep' | 'against'>>;

/**
 * Opens the source that the arguments and the environment select, read-only. Once `ended` is aborted, its statements
 * are cancelled at the server and every later call fails.
 */
export async function openSource(command: Chosen, env: Environment, ended: AbortSignal): Promise<Opened> {
  const { wanted, maxDurationMs, database, source } = command;
  if (source !== undefined) return openForeign(source, command);
  const chain = command.chain === true || command.deep === true || command.against !== undefined;
  const options = { statementTimeoutMs: maxDurationMs ?? NO_HURRY_MS, wanted, chain, ended };
  const url = database ?? (env.PHASELOCK_DATABASE_URL || undefined);
  if (url !== undefined) {
    if (!/^postgres(ql)?:\/\//.test(url)) throw new SourceFailure('the database must be a postgres:// URL');
    return { ...(await openOwnDatabase({ url, ...options })), databaseUrl: url };
  }
  return await openEmbedded(env.PHASELOCK_DATA_DIR || '.phaselock', options);
}

function openForeign({ kind, path }: SourceChoice, { wanted, profiles }: Chosen): Source {
  if (wanted.kind === 'since' || wanted.kind === 'since-seal' || wanted.kind === 'sample')
    throw new UsageError('with --source, only an attempt, --task or --all can be audited');
  if (kind === 'vibe-kanban') return openVibeKanban({ path, profiles, wanted });
  if (wanted.kind === 'attempt') throw new UsageError(`${kind} has no attempts; use --task or --all`);
  return kind === 'obra' ? openObra({ path, wanted }) : openClaudeServer({ path, wanted });
}

/**
 * Opens the embedded database that `start` uses, and starts its server if it is not running. The database must exist:
 * an audit creates neither it nor its folder.
 */
async function openEmbedded(
  dataDir: string,
  options: Omit<Parameters<typeof openOwnDatabase>[0], 'url'>,
): Promise<Opened> {
  const noDatabase = (why: string): SourceFailure =>
    new SourceFailure(`there is no database: neither --database nor PHASELOCK_DATABASE_URL is given, and ${why}`);
  if (!existsSync(dataDir)) throw noDatabase(`${dataDir} does not exist`);
  const { hasEmbeddedPostgres, startEmbeddedPostgres } = await embedded(dataDir);
  if (!(await hasEmbeddedPostgres(dataDir))) throw noDatabase(`${dataDir} has none`);
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

/** Imported on demand: the published command is a single file without the embedded server. */
const embedded = (dataDir: string): Promise<typeof import('@phaselock/store')> =>
  import('@phaselock/store').catch((error: unknown) => {
    throw new SourceFailure(`this command cannot start the database in ${dataDir}: give --database`, { cause: error });
  });
