import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkSync, type Diagnostics } from 'recheck';
import { parseAst } from 'rolldown/parseAst';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
/** The sources of the product. Only these process untrusted text. */
const SOURCES = globSync('{packages,apps}/*/src/**/*.ts', { cwd: ROOT }).filter(
  (file) => !/node_modules|\.test\.ts$|packages\/testkit\//.test(file),
);
/** Without an unbounded repetition, an expression takes a bounded number of steps from each position of the text. */
const REPEATS = /[*+]|\{\d+,/;
const NO_LIMIT_MS = 3_600_000;
/**
 * A fixed seed and no time limits, so that a busy machine cannot change the result. recheck counts steps instead of
 * measuring time.
 */
const SEARCH = {
  checker: 'fuzz',
  randomSeed: 1,
  timeout: NO_LIMIT_MS,
  seedingTimeout: NO_LIMIT_MS,
  incubationTimeout: NO_LIMIT_MS,
  attackTimeout: NO_LIMIT_MS,
  recallTimeout: -1,
} as const;

type Expression = { readonly file: string; readonly pattern: string; readonly flags: string };
type Found = { readonly expressions: Expression[]; readonly built: string[] };

const isRecord = (node: unknown): node is Record<string, unknown> => typeof node === 'object' && node !== null;

function collect(node: unknown, file: string, found: Found): void {
  if (Array.isArray(node)) for (const item of node) collect(item, file, found);
  else if (isRecord(node)) {
    const { type, regex, callee } = node;
    if (type === 'Literal' && isRecord(regex))
      found.expressions.push({ file, pattern: String(regex.pattern), flags: String(regex.flags) });
    else {
      const makes = type === 'NewExpression' || type === 'CallExpression';
      if (makes && isRecord(callee) && callee.name === 'RegExp') found.built.push(file);
      for (const part of Object.values(node)) collect(part, file, found);
    }
  }
}

function findExpressions(): Found {
  const found: Found = { expressions: [], built: [] };
  for (const file of SOURCES) collect(parseAst(readFileSync(join(ROOT, file), 'utf8'), { lang: 'ts' }), file, found);
  return found;
}

/** Searches for texts on which the expression takes many steps, in a matcher that works like JavaScript's. */
const examine = ({ pattern, flags }: Pick<Expression, 'pattern' | 'flags'>): Diagnostics['status'] =>
  REPEATS.test(pattern) ? checkSync(pattern, flags, SEARCH).status : 'safe';

// Uses the pure JavaScript backend, because the native builds are not installed.
beforeAll(() => {
  process.env.RECHECK_SYNC_BACKEND = 'pure';
});

const { expressions, built } = findExpressions();

test('finds the regular expressions of the product', () => {
  expect(SOURCES.length).toBeGreaterThan(300);
  expect(expressions.length).toBeGreaterThan(60);
});

test('every regular expression is a literal, so that it can be examined', () => {
  expect(built).toEqual([]);
});

describe('every regular expression takes linear time', () => {
  const distinct = new Map(expressions.map((found) => [`/${found.pattern}/${found.flags}`, found]));
  test.each([...distinct])('%s', { timeout: 120_000 }, (_, expression) => {
    expect(examine(expression), expression.file).toBe('safe');
  });

  test.each([
    ['searches for the end again from each start', '[a-z]+:\\/\\/\\S+@', 'g'],
    ['can split spaces in two ways', '^a\\s*b?\\s*$', ''],
    ['can split a run in every way', '^(?:a+)+$', ''],
    ['searches for the dots of a token from each start', '\\beyJ[\\w-]{8,}\\.[\\w-]{8,}\\.[\\w-]*', 'g'],
    ['trims trailing spaces', '\\s+$', ''],
  ])('an expression that %s is reported as vulnerable', (_, pattern, flags) => {
    expect(examine({ pattern, flags })).toBe('vulnerable');
  });
});
