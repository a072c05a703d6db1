import { expect, test } from 'vitest';
import { findCircles } from './find-circles.ts';

const graph = (edges: Readonly<Record<string, string>>) =>
  new Map(Object.entries(edges).map(([file, imported]) => [file, new Set(imported.split(' ').filter(Boolean))]));

test('finds no circle in a tree, a diamond, or an import of a file that is not listed', () => {
  expect(findCircles(graph({ a: 'b c', b: 'd', c: 'd', d: 'elsewhere' }))).toEqual([]);
});

test('finds each circle once, without the files that only lead to it', () => {
  const edges = { start: 'a', a: 'b', b: 'c leaf', c: 'a', leaf: '', x: 'y', y: 'x' };
  expect(findCircles(graph(edges))).toEqual([
    ['a', 'b', 'c'],
    ['x', 'y'],
  ]);
});
