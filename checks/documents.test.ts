import { globSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'ops/**/*.md', 'vectors/*.md', 'packages/*/*.md'], {
  cwd: ROOT,
  exclude: ['**/node_modules/**'],
});

test('docs/library.md contains the text of examples/first-session.ts', () => {
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'docs/library.md'), 'utf8')) ?? [];
  expect(shown).toBe(readFileSync(join(ROOT, 'examples/first-session.ts'), 'utf8'));
});

test('every link to a file in the documents has a target', () => {
  expect(DOCUMENTS.length).toBeGreaterThan(50);
  const broken = DOCUMENTS.flatMap((document) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = '']) => target);
    return links
      .filter((target) => statSync(join(ROOT, document, '..', target), { throwIfNoEntry: false }) === undefined)
      .map((target) => `${document} → ${target}`);
  });
  expect(broken).toEqual([]);
});

test('every document is reachable through links from the README', () => {
  const seen = new Set<string>();
  const visit = (document: string): void => {
    if (seen.has(document) || !document.endsWith('.md')) return;
    seen.add(document);
    const text = readFileSync(join(ROOT, document), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#:]+)\)/g)) visit(join(document, '..', target));
  };
  visit('README.md');
  expect(DOCUMENTS.filter((document) => !seen.has(document) && !document.startsWith('packages/'))).toEqual([]);
});
