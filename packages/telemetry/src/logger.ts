import { hostname } from 'node:os';
import { type DestinationStream, type LevelWithSilent, type Logger as PinoLogger, pino } from 'pino';
import { ecsError } from './ecs-error.ts';
import { outcomeOf } from './log-actions.ts';
import type { LogFields, OnlyLogFields } from './log-fields.ts';
import { redactLine } from './redact-line.ts';
import { standardOutput } from './standard-output.ts';

/** A text, or fields of the catalogue with one. */
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
  /** Standard output unless given. */
  readonly destination?: DestinationStream;
  /** What is added to every line: the ids of the request it belongs to. */
  readonly context?: () => LogFields | undefined;
};

const ECS_VERSION = '8.11.0';

/** One JSON object a line, in the Elastic Common Schema, without secrets. An error goes under `err`. */
export const createLogger = (options: LoggerOptions): Logger => openPino(options);

/** The same, which takes whatever it is given: what is redacted does not depend on the compiler. */
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
      // What the line says itself is stronger.
      mixin: (fields) => ({ ...outcomeOf(Reflect.get(fields, 'event.action')), ...context?.() }),
      serializers: { err: (error) => error },
      formatters: {
        level: (label) => ({ 'log.level': label }),
        log: ({ err, ...fields }) => (err === undefined ? fields : { ...fields, ...ecsError(err) }),
      },
      hooks: {
        // ECS has no line without a message.
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

/** The name of a data stream has dashes between its parts, and none within them. */
const datasetOf = (service: string): string => service.replace('-', '.').replaceAll('-', '_');

const hasError = (fields: unknown): boolean =>
  typeof fields === 'object' && fields !== null && 'err' in fields && fields.err instanceof Error;

/** For tests, and for callers that want none. */
export const silentLogger = (): Logger => pino({ level: 'silent' });
