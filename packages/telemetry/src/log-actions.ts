type Outcome = 'success' | 'failure';

/** The values of `event.action`, besides the operations of the HTTP contract, each with its default `event.outcome`. */
export const LOG_ACTIONS = {
  'service-started': { meaning: 'The API is ready.', outcome: 'success' },
  'service-stopped-early': {
    meaning: 'Requests in flight were aborted at the shutdown deadline, or a worker process was killed after it.',
    outcome: 'failure',
  },
  'worker-started': { meaning: 'A worker process of the API is ready.', outcome: 'success' },
  'worker-ended': { meaning: 'A worker process of the API ended unexpectedly and is replaced.', outcome: 'failure' },
  'worker-silent': { meaning: 'A worker process of the API did not respond and was killed.', outcome: 'failure' },
  'connections-scarce': { meaning: 'PostgreSQL allows fewer connections than all worker processes may open.' },
  'setting-unknown': { meaning: 'An environment variable begins with `PHASELOCK_` and has no effect.' },
  'local-key-replaced': { meaning: 'Other users could read the local key, so it was replaced.' },
  'request-failed': { meaning: 'A request failed with an unexpected error.', outcome: 'failure' },
  'requests-failed': {
    meaning: 'Requests failed because a dependency was unavailable, or were refused because of overload.',
    outcome: 'failure',
  },
  'operation-failed': { meaning: 'An operation of the guard failed.', outcome: 'failure' },
  'archive-unreadable': { meaning: 'An archive could not be read for a request.', outcome: 'failure' },
  'session-created': { meaning: 'A session began (debug).', outcome: 'success' },
  'session-replaced': { meaning: 'A session replaced another one (debug).', outcome: 'success' },
  'session-created-beside': { meaning: 'A session began outside the single-session rule (debug).', outcome: 'success' },
  'session-adopted': { meaning: 'An unguarded session became guarded.', outcome: 'success' },
  'session-kept': { meaning: 'A session was kept with a slightly different model.', outcome: 'success' },
  'session-deleted': { meaning: 'A session was soft-deleted.', outcome: 'success' },
  'model-changed': { meaning: 'A turn uses another model than the previous one.', outcome: 'success' },
  'lease-lapsed': { meaning: 'The lease of a process expired, so the process counts as lost.', outcome: 'failure' },
  'temporary-session-opened': { meaning: 'A standalone execution began.', outcome: 'success' },
  'temporary-session-ended': { meaning: 'A standalone execution ended.', outcome: 'success' },
  'flag-changed': { meaning: 'A flag changed in this process.', outcome: 'success' },
  'flag-killed': { meaning: 'A flag is off in this process, because it was killed.', outcome: 'success' },
  'flags-unread': { meaning: 'The flags could not be read; their previous state stays in use.', outcome: 'failure' },
  'cache-connected': { meaning: 'Cache invalidations arrive; the cache is used.', outcome: 'success' },
  'cache-disconnected': { meaning: 'Cache invalidations do not arrive; the cache is bypassed.', outcome: 'failure' },
  'cache-failed': {
    meaning: 'Redis, the connection for cache invalidations, or a listener for them failed.',
    outcome: 'failure',
  },
  'sweep-failed': { meaning: 'A background task failed and is retried.', outcome: 'failure' },
  'traces-dropped': { meaning: 'The trace collector did not accept request spans.', outcome: 'failure' },
  'storage-full': { meaning: 'The disk of PostgreSQL is full.', outcome: 'failure' },
  'postgres-ended': { meaning: 'The embedded PostgreSQL ended unexpectedly.', outcome: 'failure' },
  'postgres-not-starting': { meaning: 'The embedded PostgreSQL does not start.', outcome: 'failure' },
  'postgres-running-again': { meaning: 'The embedded PostgreSQL runs again.', outcome: 'success' },
  'purge-waiting': { meaning: 'The purge worker waits for its next scheduled run.' },
  'purge-stopping': { meaning: 'The purge worker is stopping.' },
  'purge-run-began': { meaning: 'A run of the purge worker began.' },
  'purge-lane-ended': { meaning: 'A lane of a purge run ended.' },
  'purge-queue-failed': { meaning: 'The queue of the purge worker failed.', outcome: 'failure' },
  'archive-object-damaged': { meaning: 'An archived object does not match its record.', outcome: 'failure' },
  'archive-store-changed': { meaning: 'The archive store is not the recorded one.', outcome: 'failure' },
  'archive-store-unusable': { meaning: 'The archive store cannot be used.', outcome: 'failure' },
  'archive-store-noted': { meaning: 'A note on the state of the archive store.' },
} as const satisfies Readonly<Record<string, { readonly meaning: string; readonly outcome?: Outcome }>>;

export type LogAction = keyof typeof LOG_ACTIONS;

const OUTCOMES: ReadonlyMap<string, Outcome> = new Map(
  Object.entries(LOG_ACTIONS).flatMap(([action, known]) => ('outcome' in known ? [[action, known.outcome]] : [])),
);

/** Returns the default outcome of an action, for a line without its own. */
export function outcomeOf(action: unknown): { readonly 'event.outcome'?: Outcome } {
  const outcome = typeof action === 'string' ? OUTCOMES.get(action) : undefined;
  return outcome === undefined ? {} : { 'event.outcome': outcome };
}
