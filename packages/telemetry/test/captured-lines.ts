import { createLogger, type Logger, type LogLevel, openPino } from '../src/logger.ts';

export type CapturedLine = Readonly<Record<string, unknown>> & { readonly message?: unknown };

/** Creates a logger whose lines a test can read, as written (`text`) or parsed (`lines`). */
export function capturedLines(level: LogLevel = 'info'): {
  readonly logger: Logger;
  text(): string;
  lines(): CapturedLine[];
} {
  const { options, ...read } = capture(level);
  return { logger: createLogger(options), ...read };
}

/** The same with a logger whose type allows any field, to test fields that untyped code might log. */
export function capturedAnything(level: LogLevel = 'info') {
  const { options, ...read } = capture(level);
  return { logger: openPino(options), ...read };
}

function capture(level: LogLevel) {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  return {
    options: { service: 'phaselock-api', version: '1.2.3', environment: 'test', level, destination },
    text: () => written.join(''),
    lines: (): CapturedLine[] => written.map((line) => ({ ...JSON.parse(line) })),
  };
}
