import { hostname } from 'node:os';
import { type DestinationStream, type LevelWithSilent, type Logger as PinoLogger, pino } from 'pino';
import { ecsError } from './ecs-error.ts';
import { redactLine } from './redact-line.ts';
import { standardOutput } from './standard-output.ts';

export type Logger = PinoLogger;
export type LogLevel = LevelWithSilent;

export type LoggerOptions = {
  readonly service: string;
  readonly level?: LogLevel;
  /** Standard output unless given. */
  readonly destination?: DestinationStream;
  /** What is added to every line: the ids of the request it belongs to. */
  readonly context?: () => Readonly<Record<string, unknown>> | undefined;
};

const ECS_VERSION = '8.11.0';

/** One JSON object a line, in the Elastic Common Schema, without secrets. An error goes under `err`. */
export function createLogger({
  service,
  level = 'info',
  destination = standardOutput(),
  context,
}: LoggerOptions): Logger {
  return pino(
    {
      level,
      messageKey: 'message',
      timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
      base: {
        'ecs.version': ECS_VERSION,
        'service.name': service,
        'process.pid': process.pid,
        'host.hostname': hostname(),
      },
      ...(context && { mixin: () => ({ ...context() }) }),
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

const hasError = (fields: unknown): boolean =>
  typeof fields === 'object' && fields !== null && 'err' in fields && fields.err instanceof Error;

/** For tests, and for callers that want none. */
export const silentLogger = (): Logger => pino({ level: 'silent' });
