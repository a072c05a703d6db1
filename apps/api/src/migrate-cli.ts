import { prepareDatabase } from '@phaselock/guard';
import { MigrationError, type MigrationStatus, migrationStatus } from '@phaselock/store';

const USAGE = `usage: migrate [up | status]

  up       apply what is pending (the default), and add the well-known models to a catalogue that has none;
           safe to run from many processes at once
  status   tell what is applied and what is pending, and change nothing

PHASELOCK_DATABASE_URL names the database.`;

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;

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

async function main([command = 'up', ...rest]: readonly string[], url: string | undefined): Promise<void> {
  if (!['up', 'status'].includes(command) || rest.length > 0 || url === undefined || url === '') {
    console.error(USAGE);
    process.exitCode = EXIT_USAGE;
    return;
  }
  try {
    if (command === 'up') await prepareDatabase(url);
    for (const migration of await migrationStatus(url)) console.log(show(migration));
    process.exitCode = 0;
  } catch (error) {
    const cause = error instanceof MigrationError && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    console.error(`migrate: ${error instanceof Error ? error.message || error.name : String(error)}${cause}`);
  }
}

// Whatever ends this process before main has answered is a failure.
process.exitCode = EXIT_FAILED;
await main(process.argv.slice(2), process.env.PHASELOCK_DATABASE_URL);
