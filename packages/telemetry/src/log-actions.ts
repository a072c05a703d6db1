type Outcome = 'success' | 'failure';

/** What may stand in `event.action`, besides the operations of the HTTP contract, and the `event.outcome` it has by itself. */
export const LOG_ACTIONS = {
  'service-started': { meaning: 'The API answers.', outcome: 'success' },
  'service-stopped-early': { meaning: 'Requests were cut at the deadline of the shutdown.', outcome: 'failure' },
  'worker-started': { meaning: 'One of the processes of the API answers.', outcome: 'success' },
  'worker-ended': { meaning: 'One of them ended, and is started again.', outcome: 'failure' },
  'worker-silent': { meaning: 'One of them did nothing for long, and was killed.', outcome: 'failure' },
  'connections-scarce': { meaning: 'PostgreSQL allows fewer connections than all of them may open.' },
  'setting-unknown': { meaning: 'An environment variable begins with `PHASELOCK_` and has no effect.' },
  'local-key-replaced': { meaning: 'Others could read the local key, so there is a new one.' },
  'request-failed': { meaning: 'A request failed in a way nobody foresaw.', outcome: 'failure' },
  'requests-failed': {
    meaning: 'Requests failed for want of the database, or were refused for overload.',
    outcome: 'failure',
  },
  'operation-failed': { meaning: 'An operation of the guard failed.', outcome: 'failure' },
  'archive-unreadable': { meaning: 'An archive could not be read for a request.', outcome: 'failure' },
  'session-created': { meaning: 'A session began (debug).', outcome: 'success' },
  'session-replaced': { meaning: 'A session took the place of another one (debug).', outcome: 'success' },
  'session-created-beside': { meaning: 'A session began outside the rule (debug).', outcome: 'success' },
  'session-adopted': { meaning: 'A session of the time without the rule is guarded now.', outcome: 'success' },
  'session-kept': { meaning: 'A session goes on with a model that differs slightly.', outcome: 'success' },
  'session-deleted': { meaning: 'A session was soft-deleted.', outcome: 'success' },
  'model-changed': { meaning: 'A turn works with another model than the one before.', outcome: 'success' },
  'lease-lapsed': { meaning: 'A process fell silent and counts as lost.', outcome: 'failure' },
  'temporary-session-opened': { meaning: 'A standalone execution began.', outcome: 'success' },
  'temporary-session-ended': { meaning: 'It ended.', outcome: 'success' },
  'flag-changed': { meaning: 'A flag holds as it was set.', outcome: 'success' },
  'flag-killed': { meaning: 'A flag holds as off, because it was killed.', outcome: 'success' },
  'flags-unread': { meaning: 'The flags cannot be read and stay as they were.', outcome: 'failure' },
  'cache-connected': { meaning: 'Invalidations arrive.', outcome: 'success' },
  'cache-disconnected': { meaning: 'Invalidations do not arrive; the cache is bypassed.', outcome: 'failure' },
  'cache-failed': {
    meaning: 'Redis, the connection for invalidations, or one of their listeners failed.',
    outcome: 'failure',
  },
  'sweep-failed': { meaning: 'Work in the background was not done and is tried again.', outcome: 'failure' },
  'traces-dropped': { meaning: 'The collector did not take the spans of requests.', outcome: 'failure' },
  'storage-full': { meaning: 'The disk of PostgreSQL is full.', outcome: 'failure' },
  'postgres-ended': { meaning: 'The embedded PostgreSQL ended without being told to.', outcome: 'failure' },
  'postgres-not-starting': { meaning: 'It does not start.', outcome: 'failure' },
  'postgres-running-again': { meaning: 'It runs again.', outcome: 'success' },
  'purge-waiting': { meaning: 'The purge worker waits for its time.' },
  'purge-stopping': { meaning: 'The purge worker stops.' },
  'purge-run-began': { meaning: 'A run of the purge began.' },
  'purge-lane-ended': { meaning: 'A lane of it ended.' },
  'purge-queue-failed': { meaning: 'The queue of the purge worker failed.', outcome: 'failure' },
  'archive-object-damaged': { meaning: 'An archived object is not what was stored.', outcome: 'failure' },
  'archive-store-changed': { meaning: 'The store is not the known one.', outcome: 'failure' },
  'archive-store-unusable': { meaning: 'The store cannot be used.', outcome: 'failure' },
  'archive-store-noted': { meaning: 'What is worth knowing of the store.' },
} as const satisfies Readonly<Record<string, { readonly meaning: string; readonly outcome?: Outcome }>>;

export type LogAction = keyof typeof LOG_ACTIONS;

const OUTCOMES: ReadonlyMap<string, Outcome> = new Map(
  Object.entries(LOG_ACTIONS).flatMap(([action, known]) => ('outcome' in known ? [[action, known.outcome]] : [])),
);

/** Of a line that does not say its own. */
export function outcomeOf(action: unknown): { readonly 'event.outcome'?: Outcome } {
  const outcome = typeof action === 'string' ? OUTCOMES.get(action) : undefined;
  return outcome === undefined ? {} : { 'event.outcome': outcome };
}
