import type { Book } from './book.ts';
import type { Catalogue } from './catalogue.ts';
import type { Memory } from './memory.ts';
import type { Operations } from './operations.ts';

/** What the checks of a response compare it with, and where they report violations. */
export type Judging = {
  readonly book: Book;
  readonly memory: Memory;
  readonly catalogue: Catalogue;
  readonly operations: Operations;
  readonly leaseMs: number;
};
