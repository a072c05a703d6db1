import {
  type ConfigOf,
  databaseUrl,
  dataDir,
  type Environment,
  integer,
  optional,
  plainText,
  readSettings,
  url,
} from '@phaselock/settings';

const where = 'Connections and files';
const how = 'Limits';

const prometheusAddress = url(
  {
    variable: 'PHASELOCK_PROMETHEUS_URL',
    group: where,
    meaning:
      'The Prometheus that scrapes the API processes, with the path it is served under; without a name and a password',
  },
  ['http:', 'https:'],
);

/** Every environment variable `rollout` reads. */
export const SETTINGS = {
  databaseUrl: databaseUrl(where),
  dataDir: dataDir(where),
  prometheusUrl: {
    ...prometheusAddress,
    fallback: 'http://127.0.0.1:9090',
    // Queries and their results are stored permanently, so the address must not contain a password. `fetch` does not
    // accept such an address either.
    parse: (text: string) => {
      const parsed = prometheusAddress.parse(text);
      if ('mistake' in parsed) return parsed;
      const { username, password } = new URL(parsed.value);
      return username === '' && password === ''
        ? parsed
        : {
            mistake:
              'must hold no name and no password: a token belongs in the file of PHASELOCK_PROMETHEUS_TOKEN_FILE',
          };
    },
  },
  prometheusTokenFile: optional(
    plainText(
      {
        variable: 'PHASELOCK_PROMETHEUS_TOKEN_FILE',
        group: where,
        meaning: 'File with the bearer token for Prometheus; it is read again for each query',
      },
      '',
    ),
  ),
  stagesFile: plainText(
    {
      variable: 'PHASELOCK_ROLLOUT_STAGES',
      group: where,
      meaning: 'File with the stages, their gates and limits',
    },
    'ops/rollout/stages.yml',
  ),
  leaseSeconds: integer(
    {
      variable: 'PHASELOCK_ROLLOUT_LEASE_SECONDS',
      group: how,
      meaning:
        'How long a crashed `rollout` command that was making changes blocks another one; a running one renews its lease',
    },
    { fallback: 30, min: 1, max: 3_600 },
  ),
} as const;

export type Config = ConfigOf<typeof SETTINGS>;

const { databaseUrl: database, dataDir: directory } = SETTINGS;
const DATABASE_SETTINGS = { databaseUrl: database, dataDir: directory } as const;

export type DatabaseConfig = ConfigOf<typeof DATABASE_SETTINGS>;

/** The only settings that a kill needs, so that a mistake in another one cannot prevent it. */
export const readDatabaseConfig = (env: Environment): DatabaseConfig => readSettings(DATABASE_SETTINGS, env);

export const readConfig = (env: Environment): Config => readSettings(SETTINGS, env);
