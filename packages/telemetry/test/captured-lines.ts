import { createLogger, type Logger, type LogLevel } from '../src/logger.ts';

export type CapturedLine = Readonly<Record<string, unknown>> & { readonly message?: unknown };

/** A logger whose lines a test reads back. */
export function capturedLines(level: LogLevel = 'info'): {
  readonly logger: Logger;
  text(): string;
  lines(): CapturedLine[];
} {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  return {
    logger: createLogger({ service: 'phaselock-api', level, destination }),
    text: () => written.join(''),
    lines: () => written.map((line) => ({ ...JSON.parse(line) })),
  };
}
