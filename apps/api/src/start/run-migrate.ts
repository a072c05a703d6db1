import { prepareDatabase } from '@phaselock/guard';
import { hasEmbeddedPostgres, type MigrationStatus, migrationStatus, startEmbeddedPostgres } from '@phaselock/store';
import { ConfigMistakes, readConfig } from '../config/read-config.ts';
import type { Run } from './run-api.ts';

const COMMANDS = ['up', 'status'] as const;
type Command = (typeof COMMANDS)[number];

const USAGE = `usage: migrate [up | status]

  up       apply what is pending (the default), and add the well-known models to a catalogue that has none;
           safe to run from many processes at once
  status   tell what is applied and what is pending, and change nothing

PHASELOCK_DATABASE_URL names the database. Without it, it is the embedded one, kept in PHASELOCK_DATA_DIR.`;

/** Brings the schema of the database the service uses up to date, or tells how far it is, whether the service runs or not. */
export async function runMigrate({ env, args, say }: Run): Promise<void> {
  const command = readCommand(args.filter((arg) => arg !== '--'));
  const { databaseUrl, dataDir } = readConfig(env);
  await using resources = new AsyncDisposableStack();
  if (databaseUrl === undefined && command === 'status') await refuseToMake(dataDir);
  const url = databaseUrl ?? resources.use(await startEmbeddedPostgres({ dataDir })).url;
  if (command === 'up') await prepareDatabase(url);
  for (const migration of await migrationStatus(url)) say(show(migration));
}

function readCommand([given = 'up', ...rest]: readonly string[]): Command {
  const command = COMMANDS.find((known) => known === given);
  if (command !== undefined && rest.length === 0) return command;
  throw new ConfigMistakes([command === undefined ? `${given} is no command` : `${command} takes no arguments`, USAGE]);
}

/** Starting the embedded server makes a cluster where there is none, and `status` changes nothing. */
async function refuseToMake(dataDir: string): Promise<void> {
  if (await hasEmbeddedPostgres(dataDir)) return;
  throw new Error(
    `there is no database to tell the status of: PHASELOCK_DATABASE_URL is not set, and ${dataDir} holds no embedded one yet`,
  );
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
