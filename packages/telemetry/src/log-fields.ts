/** The type of a log field in the search index. */
export type LogFieldType = 'boolean' | 'date' | 'double' | 'keyword' | 'long' | 'stack' | 'text';

export type LogField = {
  readonly type: LogFieldType;
  readonly meaning: string;
  /** True for a field on every line, which only the logger sets. */
  readonly every?: true;
};

/**
 * Every field a log line may have. Fields without a name in the Elastic Common Schema have the prefix `phaselock.`,
 * except for three fixed names of the line of a model change. The index template in `ops/elk` is generated from this
 * catalogue and refuses any other field.
 */
export const LOG_FIELDS = {
  '@timestamp': { type: 'date', meaning: 'When the line was written.', every: true },
  'log.level': { type: 'keyword', meaning: '`debug`, `info`, `warn`, `error`, `fatal`.', every: true },
  message: { type: 'text', meaning: 'The event in plain text.', every: true },
  'ecs.version': { type: 'keyword', meaning: 'The version of the Elastic Common Schema.', every: true },
  'service.name': { type: 'keyword', meaning: 'The program: `phaselock-api`, `phaselock-purge-worker`.', every: true },
  'service.version': { type: 'keyword', meaning: 'The release of the program.', every: true },
  'service.environment': { type: 'keyword', meaning: '`PHASELOCK_ENVIRONMENT`.', every: true },
  'event.dataset': { type: 'keyword', meaning: '`phaselock.api`, `phaselock.purge_worker`.', every: true },
  'process.pid': { type: 'long', meaning: 'The process id of the program.', every: true },
  'host.hostname': { type: 'keyword', meaning: 'The machine, or the container.', every: true },

  'event.action': {
    type: 'keyword',
    meaning: 'The event: one of the actions below, or the operation on the line of a request.',
  },
  'event.outcome': { type: 'keyword', meaning: '`success`, `failure`, or `unknown` if the client disconnected.' },
  'event.reason': { type: 'keyword', meaning: 'Why a session was replaced or deleted.' },
  'event.duration': { type: 'long', meaning: 'Nanoseconds until the answer was sent.' },
  'error.type': { type: 'keyword', meaning: 'The class of the error.' },
  'error.code': { type: 'keyword', meaning: 'The code of the system, of PostgreSQL or of the error catalogue.' },
  'error.message': { type: 'text', meaning: 'The message of the error.' },
  'error.stack_trace': { type: 'stack', meaning: 'The stack trace of the error and its causes.' },

  'http.request.id': { type: 'keyword', meaning: 'The request id, also in `X-Request-Id` of the answer.' },
  'http.request.method': { type: 'keyword', meaning: 'The HTTP method.' },
  'http.response.status_code': { type: 'long', meaning: 'The HTTP status; 499 if the client disconnected.' },
  'url.path': { type: 'keyword', meaning: 'The path without the query, at most 1024 characters.' },
  'user.id': { type: 'keyword', meaning: 'The caller: `key:` and the id of an API key, or `token:` and a subject.' },
  'user.name': { type: 'keyword', meaning: 'The user who set a flag.' },
  'trace.id': { type: 'keyword', meaning: 'The trace id of the `traceparent`, or of a trace that began here.' },
  'transaction.id': { type: 'keyword', meaning: 'The id of the span of this request in that trace.' },

  task_attempt_id: { type: 'keyword', meaning: 'The attempt of a model change.' },
  previous_variant: {
    type: 'keyword',
    meaning: 'The previous profile of a model change, or the model without a profile; null for the default.',
  },
  current_variant: {
    type: 'keyword',
    meaning: 'The current profile of a model change, or the model without a profile; null for the default.',
  },
  'phaselock.previous_model': { type: 'keyword', meaning: 'The previous model; null for the default of the agent.' },
  'phaselock.current_model': { type: 'keyword', meaning: 'The current model; null for the default of the agent.' },
  'phaselock.previous_resolved_model': { type: 'keyword', meaning: 'The model that the previous name resolved to.' },
  'phaselock.current_resolved_model': { type: 'keyword', meaning: 'The model that the current name resolves to.' },

  'phaselock.task_id': { type: 'keyword', meaning: 'The task.' },
  'phaselock.session_id': { type: 'keyword', meaning: 'The session.' },
  'phaselock.process_id': { type: 'keyword', meaning: 'The process: one invocation of an agent.' },
  'phaselock.predecessor_id': { type: 'keyword', meaning: 'The session that was replaced.' },
  'phaselock.phase': { type: 'keyword', meaning: '`plan`, `run`, `verify`.' },
  'phaselock.mode': { type: 'keyword', meaning: '`standard`, `debug`.' },
  'phaselock.generation': { type: 'long', meaning: 'The generation of the session.' },
  'phaselock.collapsed': { type: 'long', meaning: 'Number of older live duplicates that were soft-deleted.' },
  'phaselock.code': { type: 'keyword', meaning: 'The error code in the answer.' },
  'phaselock.lines_left_out': { type: 'long', meaning: 'Number of such lines suppressed since the previous one.' },

  'phaselock.flag.name': { type: 'keyword', meaning: 'The flag.' },
  'phaselock.flag.enabled': { type: 'boolean', meaning: 'Whether the flag is enabled.' },
  'phaselock.flag.percent': { type: 'double', meaning: 'The share of subjects it applies to, in percent.' },
  'phaselock.flag.value': { type: 'keyword', meaning: 'The value of the flag, as JSON.' },
  'phaselock.flag.version': { type: 'long', meaning: 'The version of the flag.' },

  'phaselock.cache.origin': { type: 'keyword', meaning: 'The id of this process on the invalidation bus.' },
  'phaselock.setting': { type: 'keyword', meaning: 'The name of an unknown environment variable.' },
  'phaselock.start.load_ms': { type: 'double', meaning: 'Start-up time for loading the program.' },
  'phaselock.start.database_ms': { type: 'double', meaning: 'Start-up time for the database, after loading.' },
  'phaselock.start.schema_ms': { type: 'double', meaning: 'Start-up time for the schema, after the database.' },
  'phaselock.start.service_ms': { type: 'double', meaning: 'Start-up time for the service, after the schema.' },

  'phaselock.worker.number': { type: 'long', meaning: 'The number of the worker process of the API, from 1.' },
  'phaselock.worker.pid': { type: 'long', meaning: 'The `process.pid` on the lines of that worker process.' },
  'phaselock.worker.metrics_port': { type: 'long', meaning: 'The port of its metrics.' },
  'phaselock.worker.restarts': { type: 'long', meaning: 'Number of restarts of that worker process.' },

  'phaselock.postgres.pid': { type: 'long', meaning: 'The process id of the embedded PostgreSQL.' },
  'phaselock.postgres.log': { type: 'keyword', meaning: 'The log file of the embedded PostgreSQL.' },
  'phaselock.postgres.said': { type: 'text', meaning: 'The last lines of that log file.' },
  'phaselock.postgres.trouble': { type: 'keyword', meaning: 'Why the embedded PostgreSQL does not start.' },
  'phaselock.postgres.tries': { type: 'long', meaning: 'Number of start attempts until it ran.' },

  'phaselock.purge.run_id': { type: 'keyword', meaning: 'The run of the purge worker.' },
  'phaselock.purge.schedule': { type: 'keyword', meaning: 'The cron schedule of the runs.' },
  'phaselock.purge.metrics_url': { type: 'keyword', meaning: 'The URL of the metrics of the worker.' },
  'phaselock.purge.lanes': { type: 'long', meaning: 'Number of lanes of the run, or of the worker.' },
  'phaselock.purge.orphans': { type: 'long', meaning: 'Orphaned sessions that the run soft-deleted.' },
  'phaselock.purge.archived': { type: 'long', meaning: 'Sessions archived by the lane.' },
  'phaselock.purge.purged': { type: 'long', meaning: 'Sessions that the lane deleted from the database.' },
  'phaselock.purge.removed': { type: 'long', meaning: 'Objects that the lane removed from the store.' },
  'phaselock.purge.failed': { type: 'long', meaning: 'Sessions that the lane could not archive.' },
  'phaselock.purge.bytes': { type: 'long', meaning: 'Bytes that the lane wrote to the store.' },
  'phaselock.purge.seconds': { type: 'double', meaning: 'Duration of the run, on the line of its last lane.' },
  'phaselock.purge.object': { type: 'keyword', meaning: 'The key of the archived object.' },
  'phaselock.purge.times': { type: 'long', meaning: 'How often this queue error occurred since its previous line.' },
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

/** The fields that only the logger sets, so that no caller can override them. */
type EveryLine = {
  [Name in LogFieldName]: (typeof LOG_FIELDS)[Name] extends { readonly every: true } ? Name : never;
}[LogFieldName];

/** The fields a caller may add to a line. An error is passed as `err` and becomes ECS fields. */
export type LogFields = {
  readonly [Name in Exclude<LogFieldName, EveryLine>]?: ValueOf<(typeof LOG_FIELDS)[Name]['type']>;
} & { readonly err?: unknown };

/**
 * Makes fields outside the catalogue a compile error, even when they are spread, because the index would refuse them.
 */
export type OnlyLogFields<Fields> = Fields & {
  readonly [Name in Exclude<keyof Fields, keyof LogFields>]: never;
};
