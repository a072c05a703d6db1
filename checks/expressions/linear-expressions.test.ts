import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkSync, type Diagnostics } from 'recheck';
import { parseAst } from 'rolldown/parseAst';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
/** The product: nothing else is fed by strangers. */
const SOURCES = globSync('{packages,apps}/*/src/**/*.ts', { cwd: ROOT }).filter(
  (file) => !/node_modules|\.test\.ts$|\/(?:proof|testing)\/|packages\/testkit\//.test(file),
);
/** An expression that repeats nothing, or a fixed number of times, takes a bounded number of steps from each place of the text. */
const REPEATS = /[*+]|\{\d+,/;
const NO_LIMIT_MS = 3_600_000;
/** The same texts in each run, and no clock: a busy machine must neither end the search early nor make a text look slow. Steps are counted. */
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

/** Searches for texts that make it take many steps, and runs them in a matcher that works like that of JavaScript. */
const examine = ({ pattern, flags }: Pick<Expression, 'pattern' | 'flags'>): Diagnostics['status'] =>
  REPEATS.test(pattern) ? checkSync(pattern, flags, SEARCH).status : 'safe';

// Without a native build beside it the analyser would look for one first.
beforeAll(() => {
  process.env.RECHECK_SYNC_BACKEND = 'pure';
});

const { expressions, built } = findExpressions();

test('the expressions of the product are found', () => {
  expect(SOURCES.length).toBeGreaterThan(300);
  expect(expressions.length).toBeGreaterThan(60);
});

test('every expression is a literal, so that it can be examined', () => {
  expect(built).toEqual([]);
});

describe('the time an expression takes grows with the text and no faster', () => {
  const distinct = new Map(expressions.map((found) => [`/${found.pattern}/${found.flags}`, found]));
  test.each([...distinct])('%s', { timeout: 120_000 }, (_, expression) => {
    expect(examine(expression), expression.file).toBe('safe');
  });

  test.each([
    ['looks for the end again from each beginning', '[a-z]+:\\/\\/\\S+@', 'g'],
    ['has two ways to share spaces', '^a\\s*b?\\s*$', ''],
    ['tries every way to share a run', '^(?:a+)+$', ''],
    ['looks for the dots of a token from each of its beginnings', '\\beyJ[\\w-]{8,}\\.[\\w-]{8,}\\.[\\w-]*', 'g'],
    ['trims what is at the end', '\\s+$', ''],
  ])('and one that %s is found out', (_, pattern, flags) => {
    expect(examine({ pattern, flags })).toBe('vulnerable');
  });
});
