import { createHash } from 'node:crypto';

/**
 * The Merkle tree of RFC 6962: a leaf and a node are hashed with different prefixes, so that neither can stand for the
 * other.
 */
const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

export const leafHash = (leaf: string): Buffer => createHash('sha256').update(LEAF).update(leaf, 'utf8').digest();

const nodeHash = (left: Buffer, right: Buffer): Buffer =>
  createHash('sha256').update(NODE).update(left).update(right).digest();

type MerkleTree = {
  readonly size: number;
  readonly root: Buffer;
  /** The hashes that lead from the followed leaf to the root; empty if no leaf was followed. */
  readonly path: readonly Buffer[];
};

type Subtree = { readonly leaves: number; readonly hash: Buffer; readonly holdsFollowed: boolean };

/**
 * Builds the tree of leaves that arrive one by one, with memory for one hash per level. Collects the path of the leaf
 * with the index `follow`.
 */
export function growMerkleTree(follow?: number): { add(leaf: string): void; finish(): MerkleTree } {
  const complete: Subtree[] = [];
  const path: Buffer[] = [];
  let size = 0;

  const joined = (left: Subtree, right: Subtree): Subtree => {
    if (left.holdsFollowed) path.push(right.hash);
    if (right.holdsFollowed) path.push(left.hash);
    return {
      leaves: left.leaves + right.leaves,
      hash: nodeHash(left.hash, right.hash),
      holdsFollowed: left.holdsFollowed || right.holdsFollowed,
    };
  };

  return {
    add(leaf) {
      let grown: Subtree = { leaves: 1, hash: leafHash(leaf), holdsFollowed: size === follow };
      size += 1;
      for (let left = complete.at(-1); left?.leaves === grown.leaves; left = complete.at(-1)) {
        complete.pop();
        grown = joined(left, grown);
      }
      complete.push(grown);
    },
    finish() {
      const whole = complete.reduceRight<Subtree | undefined>(
        (right, left) => (right === undefined ? left : joined(left, right)),
        undefined,
      );
      return { size, root: whole?.hash ?? createHash('sha256').digest(), path };
    },
  };
}

/** The root that a leaf and its path lead to; undefined if a path of this length cannot belong to this leaf. */
export function rootOfPath(
  leaf: string,
  { index, size, path }: { readonly index: number; readonly size: number; readonly path: readonly Buffer[] },
): Buffer | undefined {
  if (!(index >= 0 && index < size)) return undefined;
  let [at, last] = [index, size - 1];
  let hash = leafHash(leaf);
  const up = (): void => {
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  };
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      // The last node of an uneven level has no sibling there, and moves up unchanged.
      while (at % 2 === 0 && at !== 0) up();
    } else hash = nodeHash(hash, sibling);
    up();
  }
  return last === 0 ? hash : undefined;
}
