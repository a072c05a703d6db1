import { blocksIn } from './blocks-in-markdown.ts';
import type { Query } from './query.ts';

/** The expressions of ```promql blocks, which are separated by empty lines. */
export const queriesInMarkdown = (file: string, text: string): Query[] =>
  blocksIn(text)
    .filter(({ language }) => language === 'promql')
    .flatMap(({ code, from }) => expressionsIn(code).map(({ promql, at }) => ({ promql, from: from + at })))
    .map(({ promql, from }) => ({ file, text, promql, from, to: from + promql.length, shows: [] }));

export function expressionsIn(code: string): { readonly promql: string; readonly at: number }[] {
  return [...code.matchAll(/(?:[^\n]+(?:\n|$))+/g)]
    .map(({ 0: promql, index }) => ({ promql: promql.trimEnd(), at: index }))
    .filter(({ promql }) => promql.split('\n').some((line) => line.trim() !== '' && !line.startsWith('#')));
}
