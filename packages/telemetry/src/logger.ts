import { hostname } from 'node:os';
import { type DestinationStream, type LevelWithSilent, type Logger as PinoLogger, pino } from 'pino';
import { ecsError } from './ecs-error.ts';
import { outcomeOf } from './log-actions.ts';
import type { LogFields, OnlyLogFields } from './log-fields.ts';
import { redactLine } from './redact-line.ts';
import { standardOutput } from './standard-output.ts';

/** Writes a line with a message, and optionally with fields of `LOG_FIELDS`. */
type Log = {
  <Fields extends LogFields>(fields: OnlyLogFields<Fields>, message: string): void;
  (message: string): void;
};

export type Logger = {
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
  isLevelEnabled(level: 'debug' | 'info' | 'warn' | 'error' | 'fatal'): boolean;
};
export type LogLevel = LevelWithSilent;

export type LoggerOptions = {
  readonly service: string;
  readonly version: string;
  readonly environment: string;
  readonly level?: LogLevel;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
  /** Returns fields for every line, such as the ids of the current request. */
  readonly context?: () => LogFields | undefined;
};

const ECS_VERSION = '8.11.0';

/**
 * Creates a logger that writes one JSON object per line, in the Elastic Common Schema, without secrets. Errors are
 * passed as `err`.
 */
export const createLogger = (options: LoggerOptions): Logger => openPino(options);

/** As `createLogger`, but accepts fields of any name, so that tests can check their redaction. */
export function openPino({
  service,
  version,
  environment,
  level = 'info',
  destination = standardOutput(),
  context,
}: LoggerOptions): PinoLogger {
  return pino(
    {
      level,
      messageKey: 'message',
      timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
      base: {
        'ecs.version': ECS_VERSION,
        'service.name': service,
        'service.version': version,
        'service.environment': environment,
        'event.dataset': datasetOf(service),
        'process.pid': process.pid,
        'host.hostname': hostname(),
      },
      // Added to every line. Fields of the line itself take precedence.
      mixin: (fields) => ({ ...outcomeOf(Reflect.get(fields, 'event.action')), ...context?.() }),
      serializers: { err: (error) => error },
      formatters: {
        level: (label) => ({ 'log.level': label }),
        log: ({ err, ...fields }) => (err === undefined ? fields : { ...fields, ...ecsError(err) }),
      },
      hooks: {
        // ECS requires a message on every line, so a line without one gets an empty message. For an error, pino uses
        // the message of the error.
        logMethod(args, method) {
          const [fields, message] = args;
          const silent = message === undefined && typeof fields === 'object' && !(fields instanceof Error);
          method.apply(this, silent && !hasError(fields) ? [fields, ''] : args);
        },
        streamWrite: redactLine,
      },
    },
    destination,
  );
}

/**
 * The dataset of a program, without dashes: it is part of the name of an Elasticsearch data stream, whose parts are
 * separated by dashes.
 */
const datasetOf = (service: string): string => service.replace('-', '.').replaceAll('-', '_');

const hasError = (fields: unknown): boolean =>
  typeof fields === 'object' && fields !== null && 'err' in fields && fields.err instanceof Error;

/** A logger that writes nothing. */
export const silentLogger = (): Logger => pino({ level: 'silent' });
