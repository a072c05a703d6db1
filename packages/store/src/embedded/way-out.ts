/** Ends every message about a server that cannot run here. */
export const wayOut = 'Set PHASELOCK_DATABASE_URL to use a PostgreSQL server of your own.';
