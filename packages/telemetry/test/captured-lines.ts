import { createLogger, type Logger, type LogLevel, openPino } from '../src/logger.ts';

export type CapturedLine = Readonly<Record<string, unknown>> & { readonly message?: unknown };

/** Creates a logger whose lines a test can read. */
export function capturedLines(level: LogLevel = 'info'): {
  readonly logger: Logger;
  text(): string;
  lines(): CapturedLine[];
} {
  const { options, ...read } = capture(level);
  return { logger: createLogger(options), ...read };
}

/** The same with a logger that accepts any field, as libraries or mistakes may pass it. */
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
