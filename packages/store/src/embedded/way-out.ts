/** The hint at the end of every error about an embedded server that cannot run here. */
export const wayOut = 'Set PHASELOCK_DATABASE_URL to use a PostgreSQL server of your own.';
