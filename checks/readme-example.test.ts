import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

test('the README shows the example as it is run', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(shown).toBe(readFileSync(join(ROOT, 'examples/first-session.ts'), 'utf8'));
});

test('every link of the documents leads somewhere', () => {
  const documents = [
    'README.md',
    'CONTRIBUTING.md',
    'docs/architecture.md',
    'docs/operating.md',
    'docs/benchmarks.md',
    'docs/decisions/README.md',
  ];
  const broken = documents.flatMap((document) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = '']) => target);
    return links
      .filter((target) => !exists(join(ROOT, document, '..', target)))
      .map((target) => `${document} → ${target}`);
  });
  expect(broken).toEqual([]);
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EISDIR';
  }
}
