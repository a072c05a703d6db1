import { MAX_LOGGED_TEXT } from './cut-text.ts';
import { redactSecrets } from './redact-secrets.ts';

/**
 * Whatever could be part of a secret or of its name. Most lines have none of it and are spared the parsing. Nothing in it repeats, so a line is
 * passed once.
 */
const SUSPICIOUS =
  /:\/\/|auth|bearer|cookie|passw|pwd|secret|token|api[-_]?key|credential|private[-_]?key|signature|plk_|eyJ|sk-|xai-|gh[oprsu]_|github_pat_|AIza|AKIA|ASIA|%[0-9a-f]{2}/i;

/**
 * The last thing that happens to a line, so nothing goes around it: neither the bindings of a child logger nor a text put together by the
 * caller. Paths given to the logger's own redaction would cover known fields at known depths only.
 */
export function redactLine(line: string): string {
  if (line.length <= MAX_LOGGED_TEXT && !SUSPICIOUS.test(line)) return line;
  try {
    return `${JSON.stringify(redactSecrets(JSON.parse(line)))}\n`;
  } catch {
    // What cannot be read cannot be cleared either.
    return `${JSON.stringify({ '@timestamp': new Date().toISOString(), 'log.level': 'error', message: 'A log line could not be redacted and was dropped.' })}\n`;
  }
}
