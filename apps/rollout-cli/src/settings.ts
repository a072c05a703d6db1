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

/** Every environment variable `rollout` reads. */
export const SETTINGS = {
  databaseUrl: databaseUrl(where),
  dataDir: dataDir(where),
  prometheusUrl: {
    ...url(
      {
        variable: 'PHASELOCK_PROMETHEUS_URL',
        group: where,
        meaning: 'The Prometheus that scrapes the API processes, with the path it is served under',
      },
      ['http:', 'https:'],
    ),
    fallback: 'http://127.0.0.1:9090',
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

export const readConfig = (env: Environment): Config => readSettings(SETTINGS, env);
