/** The label `job` of each program in `ops/prometheus/prometheus.yml`. stages.yml names the job of the API too. */
export const JOBS = { api: 'phaselock-api', worker: 'phaselock-purge-worker' } as const;
