/** What a log line keeps of any text. Stack traces are shorter; what is longer came from outside. */
export const MAX_LOGGED_TEXT = 16_384;

const END_OF_WORD = /[\s"']/;

/** How the secrets that are told by their form begin. One whose end was cut off would not be told any more. */
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
 * The beginning of a text that somebody else could make as long as they like. Cut before it is searched for secrets, so the search costs no more
 * than this length; what may be a secret that goes on beyond the cut is left out whole.
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
