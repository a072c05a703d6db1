import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkSync, type Diagnostics } from 'recheck';
import { parseAst } from 'rolldown/parseAst';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
/** The product: nothing else is fed by strangers. */
const SOURCES = globSync('{packages,apps}/*/src/**/*.ts', { cwd: ROOT }).filter(
  (file) => !/node_modules|\.test\.ts$|\/(?:proof|testing)\/|packages\/testkit\//.test(file),
);
/** The proof by automaton ends early for nearly all; for the rest inputs are searched that take too many steps. */
const PROOF_MS = 8_000;
const SEARCH_MS = 20_000;
/** An expression in which nothing is repeated takes a bounded number of steps from each place of the text. */
const REPEATS = /[*+{]/;

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

function examine({ pattern, flags }: Pick<Expression, 'pattern' | 'flags'>): Diagnostics {
  const proven = checkSync(pattern, flags, { timeout: PROOF_MS });
  return proven.status === 'unknown' ? checkSync(pattern, flags, { timeout: SEARCH_MS, checker: 'fuzz' }) : proven;
}

const isLinear = (expression: Pick<Expression, 'pattern' | 'flags'>): boolean =>
  !REPEATS.test(expression.pattern) || examine(expression).status === 'safe';

// Without a native build beside it the analyser would look for one first.
beforeAll(() => void (process.env.RECHECK_SYNC_BACKEND = 'pure'));

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
    expect(isLinear(expression), `${expression.file}: ${JSON.stringify(examine(expression), null, 1)}`).toBe(true);
  });

  test.each([
    ['looks for the end again from each beginning', '[a-z]+:\\/\\/\\S+@', 'g'],
    ['has two ways to share spaces', '^a\\s*b?\\s*$', ''],
    ['tries every way to share a run', '^(?:a+)+$', ''],
    ['trims what is at the end', '\\s+$', ''],
  ])('and one that %s is found out', (_, pattern, flags) => {
    expect(isLinear({ pattern, flags })).toBe(false);
  });
});
