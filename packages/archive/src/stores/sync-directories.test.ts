import { expect, test } from 'vitest';
import { groupedSync } from './sync-directories.ts';

/** Flushes that end when the test ends them. */
function heldSyncs() {
  const begun: { path: string; end: (error?: Error) => void }[] = [];
  const sync = groupedSync(
    (path) =>
      new Promise((resolve, reject) => {
        begun.push({ path, end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  );
  return { begun, sync };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a caller that arrives during a flush shares the next flush', async () => {
  const { begun, sync } = heldSyncs();
  const first = sync('/a');
  const done: string[] = [];
  const late = ['second', 'third'].map((name) => sync('/a').then(() => done.push(name)));
  expect(begun).toHaveLength(1);
  begun[0]?.end();
  await first;
  await settled();
  expect(begun).toHaveLength(2);
  expect(done).toEqual([]);
  begun[1]?.end();
  await Promise.all(late);
  expect(done).toEqual(['second', 'third']);
});

test('flushes of different folders do not wait for each other', () => {
  const { begun, sync } = heldSyncs();
  void sync('/a');
  void sync('/b');
  expect(begun.map(({ path }) => path)).toEqual(['/a', '/b']);
});

test('a failed flush fails only the callers that shared it', async () => {
  const { begun, sync } = heldSyncs();
  const first = sync('/a');
  const second = sync('/a');
  begun[0]?.end(new Error('no such disk'));
  await expect(first).rejects.toThrow('no such disk');
  await settled();
  begun[1]?.end();
  await second;
});
