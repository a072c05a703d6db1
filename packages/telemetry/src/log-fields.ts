/** What a field of a log line is to a search engine. */
export type LogFieldType = 'boolean' | 'date' | 'double' | 'keyword' | 'long' | 'stack' | 'text';

export type LogField = {
  readonly type: LogFieldType;
  readonly meaning: string;
  /** On every line; set by the logger alone. */
  readonly every?: true;
};

/**
 * Every field a log line may have. What the Elastic Common Schema has no name for is under `phaselock.`, but for the three names that the line of a
 * model change had first. The index template of `ops/elk` is made from this, and takes no other field.
 */
export const LOG_FIELDS = {
  '@timestamp': { type: 'date', meaning: 'When the line was written.', every: true },
  'log.level': { type: 'keyword', meaning: '`debug`, `info`, `warn`, `error`, `fatal`.', every: true },
  message: { type: 'text', meaning: 'What happened, for a person.', every: true },
  'ecs.version': { type: 'keyword', meaning: 'The version of the Elastic Common Schema.', every: true },
  'service.name': { type: 'keyword', meaning: 'The program: `phaselock-api`, `phaselock-purge-worker`.', every: true },
  'service.version': { type: 'keyword', meaning: 'Its release.', every: true },
  'service.environment': { type: 'keyword', meaning: '`PHASELOCK_ENVIRONMENT`.', every: true },
  'event.dataset': { type: 'keyword', meaning: '`phaselock.api`, `phaselock.purge_worker`.', every: true },
  'process.pid': { type: 'long', meaning: 'Of the program.', every: true },
  'host.hostname': { type: 'keyword', meaning: 'The machine, or the container.', every: true },

  'event.action': {
    type: 'keyword',
    meaning: 'Which event: one of the actions below; of the line of a request, its operation.',
  },
  'event.outcome': { type: 'keyword', meaning: '`success`, `failure`, or `unknown` where the client left.' },
  'event.reason': { type: 'keyword', meaning: 'Why a session was replaced or deleted.' },
  'event.duration': { type: 'long', meaning: 'Nanoseconds until the answer was out.' },
  'error.type': { type: 'keyword', meaning: 'The class of what was thrown.' },
  'error.code': { type: 'keyword', meaning: 'Of the system, of PostgreSQL, or of the error catalogue.' },
  'error.message': { type: 'text', meaning: 'What it says.' },
  'error.stack_trace': { type: 'stack', meaning: 'Where it was thrown, and its causes.' },

  'http.request.id': { type: 'keyword', meaning: 'On all lines of a request; `X-Request-Id` of the answer.' },
  'http.request.method': { type: 'keyword', meaning: 'The method.' },
  'http.response.status_code': { type: 'long', meaning: 'The status; 499 where the client left.' },
  'url.path': { type: 'keyword', meaning: 'The path without the query, at most 1024 characters of it.' },
  'user.id': { type: 'keyword', meaning: 'Who called: `key:` and the id of an API key, or `token:` and a subject.' },
  'user.name': { type: 'keyword', meaning: 'Who set a flag.' },
  'trace.id': { type: 'keyword', meaning: "The trace of the caller's `traceparent`, or one that began here." },
  'transaction.id': { type: 'keyword', meaning: 'The id of our span in that trace.' },

  task_attempt_id: { type: 'keyword', meaning: 'Of a model change: the attempt.' },
  previous_variant: {
    type: 'keyword',
    meaning: 'Of a model change: the profile before, else the model; null for the default.',
  },
  current_variant: { type: 'keyword', meaning: 'Of a model change: the same for what the turn works with.' },
  'phaselock.previous_model': { type: 'keyword', meaning: 'The model before; null for the default of the agent.' },
  'phaselock.current_model': { type: 'keyword', meaning: 'The model of the turn.' },
  'phaselock.previous_resolved_model': { type: 'keyword', meaning: 'What the name before stood for.' },
  'phaselock.current_resolved_model': { type: 'keyword', meaning: 'What the name stands for.' },

  'phaselock.task_id': { type: 'keyword', meaning: 'The task.' },
  'phaselock.session_id': { type: 'keyword', meaning: 'The session.' },
  'phaselock.process_id': { type: 'keyword', meaning: 'The process of an agent.' },
  'phaselock.predecessor_id': { type: 'keyword', meaning: 'The session that was replaced.' },
  'phaselock.phase': { type: 'keyword', meaning: '`plan`, `run`, `verify`.' },
  'phaselock.mode': { type: 'keyword', meaning: '`standard`, `debug`.' },
  'phaselock.generation': { type: 'long', meaning: 'Of the session.' },
  'phaselock.collapsed': { type: 'long', meaning: 'Older live duplicates that were deleted.' },
  'phaselock.code': { type: 'keyword', meaning: 'What the failure is called in the answer.' },
  'phaselock.lines_left_out': { type: 'long', meaning: 'Lines of this kind not written since the last one.' },

  'phaselock.flag.name': { type: 'keyword', meaning: 'The flag.' },
  'phaselock.flag.enabled': { type: 'boolean', meaning: 'Whether it is on.' },
  'phaselock.flag.percent': { type: 'double', meaning: 'Its share of the subjects.' },
  'phaselock.flag.value': { type: 'keyword', meaning: 'Its value, as JSON.' },
  'phaselock.flag.version': { type: 'long', meaning: 'Its version.' },

  'phaselock.cache.origin': { type: 'keyword', meaning: 'This process among those that share invalidations.' },
  'phaselock.setting': { type: 'keyword', meaning: 'An environment variable nobody knows.' },
  'phaselock.start.load_ms': { type: 'double', meaning: 'Of the start: until all is loaded.' },
  'phaselock.start.database_ms': { type: 'double', meaning: 'Of the start: until the database answers.' },
  'phaselock.start.schema_ms': { type: 'double', meaning: 'Of the start: until the schema is current.' },
  'phaselock.start.service_ms': { type: 'double', meaning: 'Of the start: until the service answers.' },

  'phaselock.worker.number': { type: 'long', meaning: 'Which of the processes of the API, from 1.' },
  'phaselock.worker.pid': { type: 'long', meaning: 'The `process.pid` of its own lines.' },
  'phaselock.worker.metrics_port': { type: 'long', meaning: 'Where its numbers are.' },
  'phaselock.worker.restarts': { type: 'long', meaning: 'How often it was started again since the program began.' },

  'phaselock.postgres.pid': { type: 'long', meaning: 'Of the embedded PostgreSQL.' },
  'phaselock.postgres.log': { type: 'keyword', meaning: 'The file of its own log.' },
  'phaselock.postgres.said': { type: 'text', meaning: 'Its last words.' },
  'phaselock.postgres.trouble': { type: 'keyword', meaning: 'Why it does not start.' },
  'phaselock.postgres.tries': { type: 'long', meaning: 'How often it was started until it ran.' },

  'phaselock.purge.run_id': { type: 'keyword', meaning: 'The run of the purge.' },
  'phaselock.purge.schedule': { type: 'keyword', meaning: 'When a run begins, as cron says it.' },
  'phaselock.purge.metrics_url': { type: 'keyword', meaning: 'Where its numbers are.' },
  'phaselock.purge.lanes': { type: 'long', meaning: 'Lanes of a run, or of the worker.' },
  'phaselock.purge.orphans': { type: 'long', meaning: 'Sessions deleted because nothing ever came of them.' },
  'phaselock.purge.archived': { type: 'long', meaning: 'Of a lane: sessions archived.' },
  'phaselock.purge.purged': { type: 'long', meaning: 'Of a lane: sessions that left the database.' },
  'phaselock.purge.removed': { type: 'long', meaning: 'Of a lane: archives past their retention.' },
  'phaselock.purge.failed': { type: 'long', meaning: 'Of a lane: sessions that could not be archived.' },
  'phaselock.purge.bytes': { type: 'long', meaning: 'Of a lane: bytes written to the store.' },
  'phaselock.purge.seconds': { type: 'double', meaning: 'How long the run took, on the line of its last lane.' },
  'phaselock.purge.object': { type: 'keyword', meaning: 'The archived object.' },
  'phaselock.purge.times': { type: 'long', meaning: 'How often an error of the queue was met since its last line.' },
} as const satisfies Readonly<Record<string, LogField>>;

type LogFieldName = keyof typeof LOG_FIELDS;

type ValueOf<Type extends LogFieldType> = {
  readonly boolean: boolean;
  readonly date: string;
  readonly double: number | null;
  readonly keyword: string | null;
  readonly long: number | null;
  readonly stack: string;
  readonly text: string | null;
}[Type];

/** Set by the logger, so that no caller can say otherwise. */
type EveryLine = {
  [Name in LogFieldName]: (typeof LOG_FIELDS)[Name] extends { readonly every: true } ? Name : never;
}[LogFieldName];

/** What a caller may add to a line. An error goes under `err` and becomes the fields of ECS. */
export type LogFields = {
  readonly [Name in Exclude<LogFieldName, EveryLine>]?: ValueOf<(typeof LOG_FIELDS)[Name]['type']>;
} & { readonly err?: unknown };

/** A field that is not in the catalogue does not compile, spread or not: what the index does not know, it refuses. */
export type OnlyLogFields<Fields> = Fields & {
  readonly [Name in Exclude<keyof Fields, keyof LogFields>]: never;
};
