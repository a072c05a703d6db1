/** Maximum length of a text in a log line. Stack traces are shorter, so a longer text came from outside. */
export const MAX_LOGGED_TEXT = 16_384;

const END_OF_WORD = /[\s"']/;

/** Prefixes of secrets that are recognized by their form, which a cut in the middle of the secret would destroy. */
const OPENINGS = [
  '://',
  'eyj',
  'plk_',
  'sk-',
  'xai-',
  'ghp_',
  'gho_',
  'ghr_',
  'ghs_',
  'ghu_',
  'github_pat_',
  'aiza',
  'akia',
  'asia',
];
const SCHEMES = ['bearer', 'basic', 'digest'];

/**
 * Cuts a text from outside to the limit. It is cut before the search for secrets, which limits the cost of that search.
 * A possible secret that extends beyond the cut is left out completely.
 */
export function cutText(text: string, limit = MAX_LOGGED_TEXT): string {
  if (text.length <= limit) return text;
  const kept = text.slice(0, limit);
  return `${kept.slice(0, endOfWhatIsWhole(kept)).toWellFormed()}… [cut: ${text.length} characters]`;
}

function endOfWhatIsWhole(kept: string): number {
  const word = startOfLastWord(kept, kept.length);
  const before = kept.slice(0, word).trimEnd();
  const scheme = before.slice(startOfLastWord(before, before.length)).toLowerCase();
  if (SCHEMES.some((name) => scheme.endsWith(name))) return word;
  const lastWord = kept.slice(word).toLowerCase();
  const opened = OPENINGS.map((opening) => lastWord.indexOf(opening)).filter((at) => at !== -1);
  return word + Math.min(lastWord.length, ...opened);
}

function startOfLastWord(text: string, end: number): number {
  let at = end;
  while (at > 0 && !END_OF_WORD.test(text.charAt(at - 1))) at -= 1;
  return at;
}
