import { PhaselockError } from '@phaselock/core';

export type StrictJsonOptions = {
  readonly maxDepth?: number;
  /** For one list. */
  readonly maxEntries?: number;
  /** For one object. */
  readonly maxKeys?: number;
  /** What to do with a string that cannot be stored, because it contains NUL or a lone surrogate. */
  readonly text?: 'refuse' | 'replace';
  /** Called for each string that was replaced. */
  readonly replaced?: () => void;
};

const MAX_DEPTH = 32;
/**
 * Ten times the entries and twice the keys that any schema accepts. A schema visits each of them before it counts them.
 */
const MAX_ENTRIES = 10_000;
const MAX_KEYS = 128;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const REPLACEMENT = '\ufffd';

/**
 * Parses JSON and refuses input that two parsers could read differently (a duplicate key, a number out of range) or
 * that only an attacker sends. Errors never repeat values of the sender.
 */
export function parseStrictJson(text: string, options: StrictJsonOptions = {}): unknown {
  const { maxDepth = MAX_DEPTH, maxEntries = MAX_ENTRIES, maxKeys = MAX_KEYS } = options;
  const { text: unstorable = 'refuse', replaced } = options;
  refuseDepthAndDoubles(text, { maxDepth, maxEntries, maxKeys });
  return checked(parseOrRefuse(text), unstorable, replaced);
}

function parseOrRefuse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return refuse('not valid JSON');
  }
}

function refuse(detail: string): never {
  throw new PhaselockError('invalid_request', { detail: `body: ${detail}` });
}

/** Scans the text once without recursion. Malformed JSON may pass, because JSON.parse refuses it afterwards. */
function refuseDepthAndDoubles(
  text: string,
  { maxDepth, maxEntries, maxKeys }: Required<Pick<StrictJsonOptions, 'maxDepth' | 'maxEntries' | 'maxKeys'>>,
): void {
  const keys: (Set<string> | undefined)[] = [];
  const entries: number[] = [];
  let keyNext = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '{':
      case '[':
        keys.push(text[at] === '{' ? new Set() : undefined);
        entries.push(1);
        if (keys.length > maxDepth) refuse(`nested deeper than ${maxDepth}`);
        keyNext = text[at] === '{';
        break;
      case '}':
      case ']':
        keys.pop();
        entries.pop();
        keyNext = false;
        break;
      case ',': {
        const count = (entries.pop() ?? 1) + 1;
        keyNext = keys.at(-1) !== undefined;
        if (keyNext && count > maxKeys) refuse(`more than ${maxKeys} keys in one object`);
        if (count > maxEntries) refuse(`more than ${maxEntries} entries in one list`);
        entries.push(count);
        break;
      }
      case '"': {
        const end = endOfString(text, at);
        if (keyNext) noteKey(keys.at(-1), keyBetween(text, at, end));
        keyNext = false;
        at = end;
        break;
      }
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/**
 * The decoded key between two quotes. A key without an escape is its own text; whether it is valid JSON is decided when
 * the whole text is parsed.
 */
function keyBetween(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end);
  if (!inner.includes('\\')) return inner;
  const decoded = parseOrRefuse(text.slice(start, end + 1));
  return typeof decoded === 'string' ? decoded : inner;
}

/** Compares decoded keys: `"a"` and `"\u0061"` are the same key. */
function noteKey(known: Set<string> | undefined, key: string): void {
  if (known === undefined) return;
  if (known.has(key)) refuse('a key occurs twice');
  if (FORBIDDEN_KEYS.has(key)) refuse('a key that is not allowed');
  if (!isStorable(key)) refuse('a key contains NUL or a lone surrogate');
  known.add(key);
}

const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

function checked(value: unknown, unstorable: 'refuse' | 'replace', replaced: (() => void) | undefined): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) refuse('a number is too large');
  if (typeof value === 'string') {
    if (isStorable(value)) return value;
    if (unstorable === 'refuse') refuse('a text contains NUL or a lone surrogate');
    replaced?.();
    return value.toWellFormed().replaceAll('\0', REPLACEMENT);
  }
  if (Array.isArray(value)) return value.map((item) => checked(item, unstorable, replaced));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, checked(held, unstorable, replaced)]));
  }
  return value;
}
