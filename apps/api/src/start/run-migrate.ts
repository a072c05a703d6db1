import { prepareDatabase } from '@phaselock/guard';
import { hasEmbeddedPostgres, type MigrationStatus, migrationStatus, startEmbeddedPostgres } from '@phaselock/store';
import { ConfigMistakes, readConfig } from '../config/read-config.ts';
import { chainAllEvents } from './chain-all-events.ts';
import type { Run } from './run-api.ts';

const COMMANDS = ['up', 'status', 'chain-events'] as const;
type Command = (typeof COMMANDS)[number];

const USAGE = `usage: migrate [up | status | chain-events]

  up       apply pending migrations (the default), and add the well-known models to an empty catalogue;
           safe to run from many processes at once
  status   list applied and pending migrations, without changing anything
  chain-events
           chain the events of earlier releases to the end, which the purge worker otherwise does little by little;
           can be interrupted, and goes on where it stopped

PHASELOCK_DATABASE_URL names the database. Without it, the embedded one in PHASELOCK_DATA_DIR is used.`;

/** Migrates the service's database, or lists its migrations, whether the service runs or not. */
export async function runMigrate({ env, args, say }: Run): Promise<void> {
  const command = readCommand(args.filter((arg) => arg !== '--'));
  const { databaseUrl, dataDir } = readConfig(env);
  await using resources = new AsyncDisposableStack();
  if (databaseUrl === undefined && command !== 'up') await refuseToMake(dataDir);
  const url = databaseUrl ?? resources.use(await startEmbeddedPostgres({ dataDir })).url;
  if (command === 'chain-events') return await chainAllEvents(url, say);
  if (command === 'up') await prepareDatabase(url);
  for (const migration of await migrationStatus(url)) say(show(migration));
}

function readCommand([given = 'up', ...rest]: readonly string[]): Command {
  const command = COMMANDS.find((known) => known === given);
  if (command !== undefined && rest.length === 0) return command;
  const mistake = command === undefined ? `${given} is not a command` : `${command} takes no arguments`;
  throw new ConfigMistakes([mistake, USAGE]);
}

/** Only `up` may create a database, but starting the embedded server would create a cluster. */
async function refuseToMake(dataDir: string): Promise<void> {
  if (await hasEmbeddedPostgres(dataDir)) return;
  throw new Error(`there is no database: PHASELOCK_DATABASE_URL is not set, and ${dataDir} holds no embedded one yet`);
}

const show = ({ version, name, state, breaking, appliedAt }: MigrationStatus): string =>
  [
    String(version).padStart(4, '0'),
    name.padEnd(20),
    state.padEnd(8),
    appliedAt?.toISOString() ?? '-',
    breaking ? 'breaking' : '',
  ]
    .join('  ')
    .trimEnd();
