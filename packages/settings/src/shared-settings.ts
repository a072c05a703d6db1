import { oneOf, onOff, optional, plainText, url } from './setting.ts';

/** Settings that several programs of the product share are defined in this file. */
export const databaseUrl = (group: string) =>
  optional(
    url(
      {
        variable: 'PHASELOCK_DATABASE_URL',
        group,
        meaning: 'PostgreSQL 17 or later. If not set: an embedded PostgreSQL in `PHASELOCK_DATA_DIR`',
      },
      ['postgres:', 'postgresql:'],
    ),
  );

export const dataDir = (group: string) =>
  plainText(
    {
      variable: 'PHASELOCK_DATA_DIR',
      group,
      meaning: 'Folder for the embedded PostgreSQL, the local key and the archive, unless configured elsewhere',
    },
    '.phaselock',
  );

export const migrate = (group: string) =>
  onOff(
    {
      variable: 'PHASELOCK_MIGRATE',
      group,
      meaning: 'Whether to apply schema migrations at start; any number of processes may do so at once',
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
          'Shares snapshots and invalidations between processes, and serves the `redis` locking strategy. Optional: everything works without it',
      },
      ['redis:', 'rediss:'],
    ),
  );

/** Validates an archive address; passed in from the package that opens it. */
type ParseAddress = (text: string) => { readonly kind: string } | { readonly mistake: string };

export const archiveUrl = (group: string, parseAddress: ParseAddress) =>
  optional({
    ...plainText(
      {
        variable: 'PHASELOCK_ARCHIVE_URL',
        group,
        meaning:
          'Where archives are stored: `folder:PATH`, or `s3://BUCKET/PREFIX` ([its settings](archive.md)). If not set: the folder `archive` in `PHASELOCK_DATA_DIR`',
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
          'The commit this program was built from, for `phaselock_build_info`. If not set: the commit of the checkout it runs from',
      },
      '',
    ),
  );

export const logLevel = (group: string) =>
  oneOf(
    { variable: 'PHASELOCK_LOG_LEVEL', group, meaning: 'Lowest level of log lines to write' },
    ['debug', 'info', 'warn', 'error', 'silent'],
    'info',
  );

/** Part of a data stream name. Dashes separate the parts of that name, so the value cannot contain one. */
const ENVIRONMENT = /^[a-z][a-z\d_.]{0,62}$/;

export const environment = (group: string) => {
  const setting = plainText(
    {
      variable: 'PHASELOCK_ENVIRONMENT',
      group,
      meaning: 'Name of the environment, for `service.environment` in every log line and for the data stream name',
    },
    'default',
  );
  return {
    ...setting,
    form: 'lower-case letters, digits, `_` and `.`; begins with a letter; at most 63 characters',
    parse: (text: string) =>
      ENVIRONMENT.test(text)
        ? { value: text }
        : { mistake: 'must be lower-case letters, digits, _ and ., begin with a letter, and be at most 63 long' },
  };
};
