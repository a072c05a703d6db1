import { createHash } from 'node:crypto';
import { type Head, parseHead } from './heads.ts';
import { growMerkleTree } from './merkle-tree.ts';

/** The part of a seal that follows from the lines of its heads. */
export type HeadsSum = {
  readonly size: number;
  readonly root: string;
  readonly sessions: number;
  readonly slots: number;
  readonly events: number;
  /** SHA-256 of the lines, each with its newline. */
  readonly sha256: string;
};

/** A line that cannot be one of the heads at its place. */
export class HeadsFailure extends Error {
  override readonly name = 'HeadsFailure';
}

/** Adds up heads that arrive line by line, with memory for one hash per level of the tree. */
export function sumHeads(): { add(line: string): Head; finish(): HeadsSum } {
  const tree = growMerkleTree();
  const hash = createHash('sha256');
  let before = Buffer.of();
  let [sessions, slots, events, at] = [0, 0, 0, 0];
  return {
    add(line) {
      at += 1;
      const head = parseHead(line);
      if (head === undefined) throw new HeadsFailure(`line ${at} is not the head of a session or of a slot`);
      const bytes = Buffer.from(line, 'utf8');
      if (Buffer.compare(before, bytes) >= 0) throw new HeadsFailure(`line ${at} is not in the order of the bytes`);
      before = bytes;
      if (head.kind === 'session') {
        sessions += 1;
        events += head.length;
      } else slots += 1;
      tree.add(line);
      hash.update(`${line}\n`);
      return head;
    },
    finish() {
      const { size, root } = tree.finish();
      return { size, root: root.toString('base64'), sessions, slots, events, sha256: hash.digest('hex') };
    },
  };
}
