import { oneOf, onOff, optional, plainText, url } from './setting.ts';

/** What more than one program of the product reads, each with its meaning said once. */
export const databaseUrl = (group: string) =>
  optional(
    url(
      {
        variable: 'PHASELOCK_DATABASE_URL',
        group,
        meaning: 'PostgreSQL 17 or later. Absent: an embedded one, kept in `PHASELOCK_DATA_DIR`',
      },
      ['postgres:', 'postgresql:'],
    ),
  );

export const dataDir = (group: string) =>
  plainText(
    {
      variable: 'PHASELOCK_DATA_DIR',
      group,
      meaning: 'Where the embedded PostgreSQL, the local key and the archive are kept, unless they are elsewhere',
    },
    '.phaselock',
  );

export const migrate = (group: string) =>
  onOff(
    {
      variable: 'PHASELOCK_MIGRATE',
      group,
      meaning: 'Whether to bring the schema up to date at start; any number of processes may',
    },
    'on',
  );

export const redisUrl = (group: string) =>
  optional(
    url(
      {
        variable: 'PHASELOCK_REDIS_URL',
        group,
        meaning:
          'Shares snapshots and invalidations between processes, and serves the `redis` locking strategy. Nothing fails without it',
      },
      ['redis:', 'rediss:'],
    ),
  );

/** What an address may be is said by those who open it. */
type ParseAddress = (text: string) => { readonly kind: string } | { readonly mistake: string };

export const archiveUrl = (group: string, parseAddress: ParseAddress) =>
  optional({
    ...plainText(
      {
        variable: 'PHASELOCK_ARCHIVE_URL',
        group,
        meaning:
          'Where archives are kept: `folder:PATH`, or `s3://BUCKET/PREFIX` ([its settings](archive.md)). Absent: the folder `archive` in `PHASELOCK_DATA_DIR`',
      },
      '',
    ),
    parse: (value) => {
      const address = parseAddress(value);
      return 'mistake' in address ? address : { value };
    },
  });

export const revision = (group: string) =>
  optional(
    plainText(
      {
        variable: 'PHASELOCK_REVISION',
        group,
        meaning:
          'The commit this program was built from, for `phaselock_build_info`. Absent: that of the checkout it runs from',
      },
      '',
    ),
  );

export const logLevel = (group: string) =>
  oneOf(
    { variable: 'PHASELOCK_LOG_LEVEL', group, meaning: 'Least important log line to write' },
    ['debug', 'info', 'warn', 'error', 'silent'],
    'info',
  );

/** In the name of a data stream, which has dashes between its parts. */
const ENVIRONMENT = /^[a-z][a-z\d_.]{0,62}$/;

export const environment = (group: string) => {
  const setting = plainText(
    {
      variable: 'PHASELOCK_ENVIRONMENT',
      group,
      meaning: 'Where this runs, as `service.environment` of every log line and in the name of their data stream',
    },
    'default',
  );
  return {
    ...setting,
    form: 'lower case letters, digits, `_` and `.`, a letter first, at most 63',
    parse: (text: string) =>
      ENVIRONMENT.test(text)
        ? { value: text }
        : { mistake: 'must be lower case letters, digits, _ and ., a letter first, at most 63' },
  };
};
