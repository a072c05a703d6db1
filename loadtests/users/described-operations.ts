import { SharedArray } from 'k6/data';
import { type DescribedOperation, operationsIn } from './read-document.ts';

export type DescribedOperations = {
  readonly ids: readonly string[];
  of(id: string): DescribedOperation;
};

/** The operations of the OpenAPI document, shared by all users. Each user keeps only the operations that it calls. */
export function describeOperations(path: string): DescribedOperations {
  const read = () => [...operationsIn(JSON.parse(open(path)))];
  const all = new SharedArray<DescribedOperation>('operations', read);
  // Separate from the operations, because reading an entry of a shared array copies it for each user.
  const ids = new SharedArray<string>('ids of operations', () => read().map(({ id }) => id));
  const places = new Map([...ids].map((id, place) => [id, place]));
  const called = new Map<string, DescribedOperation>();
  return {
    ids: [...places.keys()],
    of: (id) => {
      const known = called.get(id) ?? all[places.get(id) ?? -1];
      if (known === undefined) throw new Error(`${id} is not in ${path}`);
      called.set(id, known);
      return known;
    },
  };
}
