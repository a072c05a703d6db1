import { cutText } from './cut-text.ts';
import { redactAddressesAndTokens } from './redact-by-form.ts';
import { REDACTED } from './redacted.ts';

/** Compared without case, dashes and underscores. Counts of tokens (`input_tokens`) are no secrets, so only the singular is. */
const SECRET_NAME =
  /(authorization|cookie|password|passwd|pwd|secret|secrets|token|apikey|apikeys|credentials?|privatekey|secretaccesskey|signature)$/;

/** Secrets inside a text, told by what stands before them. Each keeps what helps to find the cause and loses the rest. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/(authorization["']?\s*[:=]\s*["']?)(?:(?:basic|bearer|digest)\s+)?[^\s"',;]+/gi, `$1${REDACTED}`],
  [/\b(bearer\s+)[\w.~+/=-]{8,}/gi, `$1${REDACTED}`],
  [/((?:password|passwd|pwd|secret|token|api[-_]?key)["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi, `$1${REDACTED}`],
  [/(?<![A-Za-z0-9])(sk-|xai-|gh[oprsu]_|github_pat_|AIza|AKIA|ASIA)[\w-]{12,}/g, `$1${REDACTED}`],
];

const MAX_DEPTH = 12;

/** A copy of plain JSON data without its secrets, wherever they hide: under a telling name, or in a text of a telling form. */
export function redactSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return REDACTED;
  if (Array.isArray(value)) return value.map((item) => redactSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, held]) => [
      name,
      isSecret(name, held) ? REDACTED : redactSecrets(held, depth + 1),
    ]),
  );
}

/**
 * In time that grows with the text, and with no more of it than a log line keeps. Where escapes of an address hide a secret, as in `x%2fplk_…`, the
 * text is told without the escapes.
 */
export function redactText(text: string): string {
  const cut = cutText(text);
  const decoded = withoutEscapes(cut);
  const told = redactForms(decoded);
  return told === decoded && decoded !== cut ? redactForms(cut) : told;
}

const redactForms = (text: string): string =>
  SECRET_TEXTS.reduce((rest, [form, replacement]) => rest.replace(form, replacement), redactAddressesAndTokens(text));

const ESCAPED = /(?:%[0-9a-f]{2})+/gi;
/** An escape of an escape is undone as well, as a proxy may have escaped a path again. */
const MAX_DECODED = 3;

function withoutEscapes(text: string): string {
  let decoded = text;
  for (let times = 0; times < MAX_DECODED; times += 1) {
    const next = decoded.replaceAll(ESCAPED, (escapes) =>
      Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
    );
    if (next === decoded) break;
    decoded = next;
  }
  return decoded;
}

const isSecret = (name: string, held: unknown): boolean =>
  held !== null &&
  held !== '' &&
  typeof held !== 'boolean' &&
  SECRET_NAME.test(name.toLowerCase().replace(/[-_]/g, ''));
