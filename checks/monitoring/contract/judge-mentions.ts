import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import migrated from '../../../packages/audit/src/own/schema/migrated-schema.json' with { type: 'json' };
import { lineAt } from './blocks-in-markdown.ts';
import { didYouMean } from './did-you-mean.ts';
import { ROOT } from './find-queries.ts';
import type { Problem } from './judge-queries.ts';
import type { KnownSeries } from './known-series.ts';

/** Texts, load tests and generated tables, which may name a metric outside of a query. */
const FILES = ['README.md', 'docs/*.md', 'ops/**/*.{md,yml,yaml,json}', 'loadtests/**/*.ts'];
const METRIC = /(?<![\w/.:-])phaselock_[a-z0-9_]+(?![\w*…])/g;

/** Reports every word of these files that looks like a metric and is neither a metric nor another known name. */
export function judgeMentions(known: KnownSeries): Problem[] {
  const families = new Set([...known.keys()].map((name) => name.replace(/_(?:bucket|count|sum)$/, '')));
  const others = notMetrics();
  const files = globSync(FILES, { cwd: ROOT, exclude: ['**/node_modules/**'] }).toSorted();
  return files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return [...text.matchAll(METRIC)]
      .filter(([word]) => !known.has(word) && !families.has(word) && !others.has(word) && !isBeginning(word, families))
      .map(({ 0: word, index }) => {
        const near = didYouMean(word, families);
        const hint = near.length > 0 ? `; did you mean ${near.join(', ')}?` : '';
        return { file, line: lineAt(text, index), what: `there is no metric ${word}${hint}` };
      });
  });
}

/** A prefix, as in a command that searches for all metrics with that prefix. */
const isBeginning = (word: string, families: ReadonlySet<string>): boolean =>
  word.endsWith('_') && [...families].some((name) => name.startsWith(word));

/** Names that look like metrics: tables, the notification channel of the flags, and a claim of a token. */
function notMetrics(): ReadonlySet<string> {
  return new Set([...Object.keys(migrated.objects.table), 'phaselock_flags', 'phaselock_project']);
}
