import { REDACTED } from './redacted.ts';

/**
 * Redacts secrets that are only recognized at their end: credentials in a URL end with an @, a signed token has two
 * dots. A regular expression would search for the end from every possible beginning, in quadratic time. This scans each
 * word once.
 */
export const redactAddressesAndTokens = (text: string): string =>
  text
    .replaceAll(/[^\s"']+/g, redactAddresses)
    .replaceAll(/[\w.-]+/g, redactSignedTokens)
    .replaceAll(OUR_KEY, `$1${REDACTED}`);

/** Phaselock’s API keys keep the prefix that identifies their row. A long text of another form may be part of a key. */
const OUR_KEY = /(plk_(?:[\w-]{12}_)?)[\w-]{20,}/g;

const ADDRESS = '://';
const USER_END = /[:/@]/g;

/** Everything before the last @ of a word counts as credentials, because a password may contain an @. */
function redactAddresses(word: string): string {
  const lastAt = word.lastIndexOf('@');
  let told = '';
  let from = 0;
  for (let sign = word.indexOf(ADDRESS); sign !== -1 && sign < lastAt; sign = word.indexOf(ADDRESS, from)) {
    const start = sign + ADDRESS.length;
    USER_END.lastIndex = start;
    const end = USER_END.exec(word)?.index ?? lastAt;
    if (word[end] === ':') return `${told}${word.slice(from, end)}:${REDACTED}${word.slice(lastAt)}`;
    told += word[end] === '@' && end > start ? `${word.slice(from, start)}${REDACTED}` : word.slice(from, end);
    from = end;
  }
  return told + word.slice(from);
}

const TOKEN = 'eyJ';
const MIN_PART = 8;

/** A signed token has three parts separated by dots. The first part begins with an encoded `{"`. */
function redactSignedTokens(word: string): string {
  const parts = word.split('.');
  const told: string[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? '';
    const start = startOfToken(part);
    const isToken =
      start !== -1 && part.length - start >= TOKEN.length + MIN_PART && (parts[at + 1] ?? '').length >= MIN_PART;
    if (isToken && at + 2 < parts.length) {
      told.push(part.slice(0, start) + REDACTED);
      at += 2;
    } else told.push(part);
  }
  return told.join('.');
}

function startOfToken(part: string): number {
  if (part.startsWith(TOKEN)) return 0;
  const dashed = part.indexOf(`-${TOKEN}`);
  return dashed === -1 ? -1 : dashed + 1;
}
