import { MAX_LOGGED_TEXT } from './cut-text.ts';
import { redactSecrets } from './redact-secrets.ts';

/**
 * Matches anything that may be part of a secret or of its name. Most lines do not match and need no parsing. The
 * expression has no repetition, so it runs in linear time.
 */
const SUSPICIOUS =
  /:\/\/|auth|bearer|cookie|passw|pwd|secret|token|api[-_]?key|credential|private[-_]?key|signature|plk_|eyJ|sk-|xai-|gh[oprsu]_|github_pat_|AIza|AKIA|ASIA|%[0-9a-f]{2}/i;

/**
 * Redacts a complete log line just before it is written, so it also covers the bindings of child loggers and texts that
 * the caller composed. The logger’s own redaction would only cover known fields at known depths.
 */
export function redactLine(line: string): string {
  if (line.length <= MAX_LOGGED_TEXT && !SUSPICIOUS.test(line)) return line;
  try {
    return `${JSON.stringify(redactSecrets(JSON.parse(line)))}\n`;
  } catch {
    // A line that cannot be parsed cannot be checked for secrets.
    return `${JSON.stringify({ '@timestamp': new Date().toISOString(), 'log.level': 'error', message: 'A log line could not be redacted and was dropped.' })}\n`;
  }
}
