import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const CEILING = 300;
const FORBIDDEN = /(^|[/-])(utils?|helpers?|common|manager|misc)([.-]|$)/;

const sources = globSync('{packages/*/src,apps/*/src,bench,chaos,checks,examples,loadtests,ops}/**/*.ts', {
  cwd: ROOT,
}).filter((file) => !file.includes('node_modules'));

test(`no source file is longer than ${CEILING} lines`, () => {
  const long = sources
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length }));
  expect(long.filter(({ lines }) => lines > CEILING)).toEqual([]);
});

test('no source file has a generic name such as utils or helpers', () => {
  expect(sources.filter((file) => FORBIDDEN.test(file))).toEqual([]);
});
