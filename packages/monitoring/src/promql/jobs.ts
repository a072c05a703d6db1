/** The label `job` of each program in `ops/prometheus/prometheus.yml`. The API's is the one that stages.yml names. */
export const JOBS = { api: 'phaselock-api', worker: 'phaselock-purge-worker' } as const;
