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

const where = 'Where things are';
const how = 'How it is done';

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
    // What Prometheus is asked and what came of it is kept for ever, and `fetch` takes no such address.
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
        meaning: 'A file with the bearer token that Prometheus wants; read again for each query',
      },
      '',
    ),
  ),
  stagesFile: plainText(
    {
      variable: 'PHASELOCK_ROLLOUT_STAGES',
      group: where,
      meaning: 'The stages, their gates and limits',
    },
    'ops/rollout/stages.yml',
  ),
  leaseSeconds: integer(
    {
      variable: 'PHASELOCK_ROLLOUT_LEASE_SECONDS',
      group: how,
      meaning:
        'How long after the death of a `rollout` that was changing something another one has to wait; while it lives it renews its lease',
    },
    { fallback: 30, min: 1, max: 3_600 },
  ),
} as const;

export type Config = ConfigOf<typeof SETTINGS>;

const { databaseUrl: database, dataDir: directory } = SETTINGS;
const DATABASE_SETTINGS = { databaseUrl: database, dataDir: directory } as const;

export type DatabaseConfig = ConfigOf<typeof DATABASE_SETTINGS>;

/** All that a kill needs: a mistake in another setting must not keep the rule on. */
export const readDatabaseConfig = (env: Environment): DatabaseConfig => readSettings(DATABASE_SETTINGS, env);

export const readConfig = (env: Environment): Config => readSettings(SETTINGS, env);
