import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ruleIndex, rulePage } from './rule-pages.ts';
import { RULE_IDS } from './rules.ts';

const RULES_DOCS = resolve(import.meta.dirname, '../../../docs/rules');
const HOW = 'Generated file: PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test packages/audit/src/rule-pages';

function committed(file: string, made: string): string {
  const path = join(RULES_DOCS, file);
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') {
    mkdirSync(RULES_DOCS, { recursive: true });
    writeFileSync(path, made);
  }
  return readFileSync(path, 'utf8');
}

test.each(RULE_IDS)('docs/rules/%s.md is up to date', (id) => {
  expect(committed(`${id}.md`, rulePage(id)), HOW).toBe(rulePage(id));
});

test('docs/rules lists every rule and has no other pages', () => {
  expect(committed('README.md', ruleIndex()), HOW).toBe(ruleIndex());
  const pages = readdirSync(RULES_DOCS).map((file) => file.replace('.md', ''));
  expect(pages.toSorted()).toEqual([...RULE_IDS, 'README'].toSorted());
});
