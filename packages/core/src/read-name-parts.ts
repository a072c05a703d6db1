import { parseTokenCount } from './token-count.ts';

/** The parts of a model name, collected word by word. */
export type NameParts = {
  readonly words: string[];
  readonly releases: string[];
  version: { readonly major: number; readonly minor: number } | null;
  contextWindow: number | null;
  /** A repackaging such as `v2`; it distinguishes releases only if the name has no date. */
  revision: string | null;
  dated: boolean;
  sized: boolean;
};

/** Reads words from `at` on and returns how many it consumed; 0 if it matches none. */
type Reader = (words: readonly string[], at: number, parts: NameParts) => number;

const YEAR = /^20\d\d$/;
const MONTH = /^(?:0[1-9]|1[0-2])$/;
const DAY = /^(?:0[1-9]|[12]\d|3[01])$/;
const COMPACT_DATE = /^(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/;
/** `0709`, `2507`, `250615`, `001`: date stamps whose order of year, month and day is unknown. */
const STAMP = /^(?:\d{4}|\d{6}|0\d\d)$/;
const STAGE = /^(?:preview|latest|exp|experimental|beta|alpha|nightly|snapshot|rc\d*)$/;
const SIZE = /^(?:[ae]?\d+(?:\.\d+)?[bt]|\d+x\d+b|\d+e)$/;
const CONTEXT = /^(?:\d+k|[1-9]m)$/;
const REVISION = /^v\d{1,2}$/;
const VERSION = /^([a-z]*?)(\d{1,2})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?([a-z]*)$/;
const MINOR = /^(?:\d|[1-9]\d)$/;

const word = (words: readonly string[], at: number): string => words[at] ?? '';

function findDate(words: readonly string[], at: number, afterStage: boolean): readonly [taken: number, date: string] {
  const [a, b, c] = [word(words, at), word(words, at + 1), word(words, at + 2)];
  if (YEAR.test(a) && MONTH.test(b) && DAY.test(c)) return [3, `${a}-${b}-${c}`];
  if (COMPACT_DATE.test(a)) return [1, a.replace(COMPACT_DATE, '$1-$2-$3')];
  if (MONTH.test(a) && YEAR.test(b)) return [2, `${b}-${a}`];
  if (afterStage && MONTH.test(a) && DAY.test(b)) return [2, `${a}-${b}`];
  return STAMP.test(a) ? [1, a] : [0, ''];
}

const readDate: Reader = (words, at, parts) => {
  const [taken, date] = findDate(words, at, parts.releases.length > 0);
  if (taken === 0) return 0;
  parts.releases.push(date);
  parts.dated = true;
  return taken;
};

const readStage: Reader = (words, at, parts) => {
  if (!STAGE.test(word(words, at))) return 0;
  parts.releases.push(word(words, at));
  return 1;
};

/** `235b`, `a22b`, `8x7b`: another size is another model, so a size stays in the family. */
const readSize: Reader = (words, at, parts) => {
  if (!SIZE.test(word(words, at))) return 0;
  parts.words.push(word(words, at));
  parts.sized = true;
  return 1;
};

const readContextWindow: Reader = (words, at, parts) => {
  if (!CONTEXT.test(word(words, at))) return 0;
  parts.contextWindow = parseTokenCount(word(words, at)) ?? null;
  return 1;
};

/** `v1` after a version or date is Bedrock's package number, not a version of the model. */
const readRevision: Reader = (words, at, parts) => {
  const text = word(words, at);
  if (!REVISION.test(text) || (parts.version === null && !parts.dated)) return 0;
  if (text !== 'v1') parts.revision = text;
  return 1;
};

/** `4`, `4.5`, `4-5`, `qwen3`, `k2`, `o4`, `4o`, `v3.1`: letters before the number belong to the family, except `v`. */
const readVersion: Reader = (words, at, parts) => {
  const match = parts.version === null ? VERSION.exec(word(words, at)) : null;
  if (match === null) return 0;
  const [, prefix = '', major = '', minor, patch, suffix = ''] = match;
  if (prefix === '' && parts.words.length === 0) return 0;
  if (prefix !== '' && prefix !== 'v') parts.words.push(prefix);
  // The digit is part of the name: `4o` is not version 4 of `o`.
  if (suffix !== '') parts.words.push(`${major}${suffix}`);
  if (patch !== undefined) parts.revision = `.${patch}`;
  const next = word(words, at + 1);
  const splitMinor =
    minor === undefined && suffix === '' && MINOR.test(next) && !YEAR.test(word(words, at + 2)) ? next : undefined;
  parts.version = { major: Number(major), minor: Number(minor ?? splitMinor ?? 0) };
  return splitMinor === undefined ? 1 : 2;
};

const readWord: Reader = (words, at, parts) => {
  parts.words.push(word(words, at));
  return 1;
};

/** Ordered by reliability: the first reader that matches a word consumes it. */
const READERS: readonly Reader[] = [
  readDate,
  readStage,
  readSize,
  readContextWindow,
  readRevision,
  readVersion,
  readWord,
];

export function readNameParts(words: readonly string[]): NameParts {
  const parts: NameParts = {
    words: [],
    releases: [],
    version: null,
    contextWindow: null,
    revision: null,
    dated: false,
    sized: false,
  };
  let at = 0;
  while (at < words.length) {
    for (const read of READERS) {
      const taken = read(words, at, parts);
      at += taken;
      if (taken > 0) break;
    }
  }
  return parts;
}
