import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { growMerkleTree, leafHash, rootOfPath } from './merkle-tree.ts';

const leaves = (size: number): string[] => Array.from({ length: size }, (_, at) => `leaf ${at}`);

function treeOf(all: readonly string[], follow?: number) {
  const tree = growMerkleTree(follow);
  for (const leaf of all) tree.add(leaf);
  return tree.finish();
}

/** The definition of RFC 6962, word by word. */
function rootByDefinition(all: readonly string[]): Buffer {
  const [first] = all;
  if (first === undefined) return createHash('sha256').digest();
  if (all.length === 1) return leafHash(first);
  let split = 1;
  while (split * 2 < all.length) split *= 2;
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(rootByDefinition(all.slice(0, split)))
    .update(rootByDefinition(all.slice(split)))
    .digest();
}

test.each([0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 100])('the root of %i leaves is the one RFC 6962 defines', (size) => {
  expect(treeOf(leaves(size)).root).toEqual(rootByDefinition(leaves(size)));
});

test('the path of each leaf leads to the root, and to no other place or size', () => {
  for (let size = 1; size <= 40; size += 1) {
    for (let index = 0; index < size; index += 1) {
      const { root, path } = treeOf(leaves(size), index);
      expect(rootOfPath(`leaf ${index}`, { index, size, path })).toEqual(root);
      expect(rootOfPath(`leaf ${index}!`, { index, size, path })).not.toEqual(root);
      for (const other of [index + 1, index - 1])
        expect(rootOfPath(`leaf ${index}`, { index: other, size, path })).not.toEqual(root);
      expect(rootOfPath(`leaf ${index}`, { index, size, path: [...path, root] })).toBeUndefined();
      if (path.length > 0) expect(rootOfPath(`leaf ${index}`, { index, size, path: path.slice(1) })).not.toEqual(root);
    }
  }
});

test('a hash of two leaves is no leaf', () => {
  const [a, b] = [leafHash('a'), leafHash('b')];
  expect(leafHash(Buffer.concat([a, b]).toString('latin1'))).not.toEqual(treeOf(['a', 'b']).root);
});
