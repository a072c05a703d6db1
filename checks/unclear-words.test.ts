import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { unclearWords } from './unclear-words.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** Sentences that readers who did not know the project could not follow. */
const RIDDLES = [
  '// Whoever leaves last turns off the light.',
  '/** One way to tell it. */',
  "test('and the key is free again', async () => {",
  '/** Ask at a scrape only what an index answers. */',
  ' * And nobody waits for it.',
  'A kill is recorded before what it stops is to be read.',
  '// Locked, lest somebody else takes it.',
];

/** The same, as they are now. */
const PLAIN = [
  '// The last process to stop shuts the embedded server down.',
  '/** Formats one report; buffering formats keep findings until the end. */',
  "test('releases the idempotency key after a failed request', async () => {",
  '/** Metrics computed at scrape time may only use indexed queries. */',
  ' * No request waits for it, and the pool stays free.',
];

/** Files with other rules: released, generated from a campaign, or this check. */
const EXEMPT = [
  '**/node_modules/**',
  'packages/store/migrations/**',
  'docs/reliability.md',
  'checks/unclear-words*',
  'LICENSE*',
];

const FILES = globSync(['**/*.{ts,tsx,md,sql,sh,yml,yaml,go,py}', '.ci/run', '.github/**/*.yml'], {
  cwd: ROOT,
  exclude: EXEMPT,
});

test.each(RIDDLES)('finds an unclear word in "%s"', (sentence) => {
  expect(unclearWords(sentence)).not.toEqual([]);
});

test.each(PLAIN)('finds none in "%s"', (sentence) => {
  expect(unclearWords(sentence)).toEqual([]);
});

test('no file of the repository has an unclear word', () => {
  expect(FILES.length).toBeGreaterThan(1_000);
  const found = FILES.flatMap((file) =>
    unclearWords(readFileSync(join(ROOT, file), 'utf8')).map(({ line, found }) => `${file}:${line}: ${found}`),
  );
  expect(found).toEqual([]);
});
