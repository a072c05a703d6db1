export const REDACTED = '[redacted]';

/** Compared without case, dashes and underscores. Counts of tokens (`input_tokens`) are no secrets, so only the singular is. */
const SECRET_NAME =
  /(authorization|cookie|password|passwd|pwd|secret|secrets|token|apikey|apikeys|credentials?|privatekey|secretaccesskey|signature)$/;

/** Secrets inside a text, told by their form. Each keeps what helps to find the cause and loses the rest. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  // Up to the last @ of the word: a password that contains one is not cut in half.
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*):[^\s"']+@/gi, `$1:${REDACTED}@`],
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s:/@"']+@/gi, `$1${REDACTED}@`],
  [/\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:(?:basic|bearer|digest)\s+)?[^\s"',;]+/gi, `$1${REDACTED}`],
  [/\b(bearer\s+)[\w.~+/=-]{8,}/gi, `$1${REDACTED}`],
  [/((?:password|passwd|pwd|secret|token|api[-_]?key)["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi, `$1${REDACTED}`],
  // Our own keys keep the part that finds their row.
  [/\b(plk_[\w-]{12}_)[\w-]{20,}/g, `$1${REDACTED}`],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, REDACTED],
  [/\b(sk-|xai-|gh[oprsu]_|github_pat_|AIza|AKIA|ASIA)[\w-]{12,}/g, `$1${REDACTED}`],
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

export function redactText(text: string): string {
  return SECRET_TEXTS.reduce((rest, [form, replacement]) => rest.replace(form, replacement), text);
}

const isSecret = (name: string, held: unknown): boolean =>
  held !== null &&
  held !== '' &&
  typeof held !== 'boolean' &&
  SECRET_NAME.test(name.toLowerCase().replace(/[-_]/g, ''));
