import { openDatabase, type Statement } from '@phaselock/store';
import type { Logger } from '@phaselock/telemetry';
import type { Config } from '../config/read-config.ts';
import { connectionsOf } from '../start/connections-of.ts';

type Asking = {
  readonly config: Config;
  readonly databaseUrl: string;
  readonly logger: Pick<Logger, 'warn'>;
};

const ALLOWED: Statement = {
  name: 'connections_allowed',
  text: `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as allowed`,
};

/**
 * Warns if all workers' pools together may exceed PostgreSQL's connection limit. It is only a warning, because behind a
 * connection pooler the limit has no meaning. If the database is down there is no warning: the workers wait for it.
 */
export async function warnOfScarceConnections({ config, databaseUrl, logger }: Asking): Promise<void> {
  const { poolStartupSettings: startupSettings, workers, poolSize } = config;
  const { poolConnectionTimeoutMs: connectionTimeoutMs, statementTimeoutMs } = config;
  await using database = openDatabase({
    url: databaseUrl,
    maxSize: 1,
    startupSettings,
    connectionTimeoutMs,
    statementTimeoutMs,
  });
  const [row] = await database.query<{ allowed: number }>(ALLOWED, []).catch(() => []);
  const wanted = connectionsOf(config);
  if (row === undefined || wanted <= row.allowed) return;
  logger.warn(
    { 'event.action': 'connections-scarce' },
    `${workers} workers with PHASELOCK_POOL_SIZE=${poolSize} may open ${wanted} connections, and PostgreSQL allows ${row.allowed}: lower one of them, or raise max_connections`,
  );
}
