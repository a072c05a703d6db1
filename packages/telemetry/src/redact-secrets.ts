import { cutText } from './cut-text.ts';
import { redactAddressesAndTokens } from './redact-by-form.ts';
import { REDACTED } from './redacted.ts';

/** Names of secrets, without case, dashes and underscores. Only the singular `token`: `input_tokens` is a count. */
const SECRET_NAME =
  /(authorization|cookie|password|passwd|pwd|secret|secrets|token|apikey|apikeys|credentials?|privatekey|secretaccesskey|signature)$/;

/** Secrets in a text, recognized by the part before them. That part is kept, because it helps to find the cause. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/(authorization["']?\s*[:=]\s*["']?)(?:(?:basic|bearer|digest)\s+)?[^\s"',;]+/gi, `$1${REDACTED}`],
  [/\b(bearer\s+)[\w.~+/=-]{8,}/gi, `$1${REDACTED}`],
  [/((?:password|passwd|pwd|secret|token|api[-_]?key)["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi, `$1${REDACTED}`],
  [/(?<![A-Za-z0-9])(sk-|xai-|gh[oprsu]_|github_pat_|AIza|AKIA|ASIA)[\w-]{12,}/g, `$1${REDACTED}`],
];

const MAX_DEPTH = 12;

/** Copies JSON data without its secrets, which are recognized by their name or by their form. */
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
 * Redacts a text in linear time, after cutting it to the limit of a log line. If URL escapes hide a secret, as in
 * `x%2fplk_…`, the result is the decoded text.
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
/** How often escapes are decoded, because a proxy may have escaped a path again. */
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
