import { parseArgs } from 'node:util';
import { prepareRestore, recoveryTime } from './prepare-restore.ts';
import { takeBaseBackup } from './take-base-backup.ts';

const USAGE = `backup take    --url postgres://… --cluster DATA_DIRECTORY --into FOLDER
  Takes a base backup of a running PostgreSQL whose data directory is on this machine. archive_mode must be on.

backup restore --from FOLDER --into DATA_DIRECTORY --fetch-wal COMMAND [--until TIME]
  Prepares a data directory for recovery; PostgreSQL recovers at its next start. COMMAND is a restore_command such as
  'sh /path/fetch-wal.sh "%f" "%p" /backup/wal'. Without --until, the recovery goes to the end of the archived WAL.`;

class UsageError extends Error {}

const text = { type: 'string' } as const;

function readArguments(argv: readonly string[]) {
  try {
    const options = { url: text, cluster: text, into: text, from: text, 'fetch-wal': text, until: text };
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function carryOut(argv: readonly string[]): Promise<string> {
  const { values, positionals } = readArguments(argv);
  const { url, cluster, into, from, until, 'fetch-wal': fetchWal } = values;
  const [command, ...others] = positionals;
  if (others.length > 0) throw new UsageError(`unexpected: ${others.join(' ')}`);
  if (command === 'take' && url !== undefined && cluster !== undefined && into !== undefined) {
    const { bytes, consistentAt, firstSegment } = await takeBaseBackup({ url, cluster, into });
    return `${into}: ${Math.round(bytes / 1e6)} MB, consistent at ${consistentAt}, needs the WAL from ${firstSegment} on`;
  }
  if (command === 'restore' && from !== undefined && into !== undefined && fetchWal !== undefined) {
    if (until !== undefined && recoveryTime(until) === undefined)
      throw new UsageError(`--until takes a time with a time zone such as 2026-11-22T02:36:37Z, not ${until}`);
    const to = until === undefined ? { kind: 'end' as const } : { kind: 'time' as const, at: until };
    await prepareRestore({ backup: from, into, fetchWal, to });
    return `${into} recovers at the next start of PostgreSQL on it`;
  }
  throw new UsageError(command === undefined ? 'give a command' : `${command} is unknown or lacks an option`);
}

try {
  console.log(await carryOut(process.argv.slice(2)));
} catch (error) {
  const usage = error instanceof UsageError;
  console.error(`backup: ${error instanceof Error ? error.message : String(error)}${usage ? `\n\n${USAGE}` : ''}`);
  process.exitCode = usage ? 64 : 1;
}
