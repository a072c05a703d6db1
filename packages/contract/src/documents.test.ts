import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareDocuments } from './openapi/compare-documents.ts';
import { openApiDocument } from './openapi/openapi-document.ts';
import { ERROR_CODES, errorListMarkdown, errorPageMarkdown } from './pages/error-pages.ts';

const DOCS = resolve(import.meta.dirname, '../../../docs');
const update = process.env.PHASELOCK_UPDATE_DOCS === '1';

function committed(path: string, made: string): string {
  const file = resolve(DOCS, path);
  if (update) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, made);
  }
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

const HOW = 'Regenerate it: PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test packages/contract';

describe('the committed documents', () => {
  test('docs/openapi.json equals the generated document', () => {
    const document = openApiDocument({ version: '1' });
    const made = `${JSON.stringify(document, null, 2)}\n`;
    const text = committed('openapi.json', made);
    const changes = text === '' ? undefined : compareDocuments(JSON.parse(text), document);
    expect(text === made, `${HOW}\n${JSON.stringify(changes, null, 2)}`).toBe(true);
  });

  test.each(ERROR_CODES)('docs/errors/%s.md equals the generated page', (code) => {
    const made = errorPageMarkdown(code);
    expect(committed(`errors/${code}.md`, made), HOW).toBe(made);
  });

  test('docs/errors has a page for each code and no other page', () => {
    const made = errorListMarkdown();
    expect(committed('errors/README.md', made), HOW).toBe(made);
    const pages = readdirSync(resolve(DOCS, 'errors')).map((file) => file.replace(/\.md$/, ''));
    expect(pages.toSorted()).toEqual([...ERROR_CODES, 'README'].toSorted());
  });
});

describe('the OpenAPI document', () => {
  const document = openApiDocument({ version: '1' });
  const text = JSON.stringify(document);

  test('refers only to schemas that exist', () => {
    const names = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
    const there = Object.keys(Object(document.components.schemas));
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter((name) => name === undefined || !there.includes(name))).toEqual([]);
  });

  test('declares each path parameter, and each operation id once', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({
        path,
        operation: JSON.stringify(operation),
        id: operation.operationId,
      })),
    );
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      for (const [, name] of path.matchAll(/\{(\w+)\}/g))
        expect(operation).toContain(`"name":"${name}","in":"path","required":true`);
    }
  });

  test('contains no $schema and no $defs', () => {
    expect(text).not.toContain('$schema');
    expect(text).not.toContain('$defs');
  });
});
