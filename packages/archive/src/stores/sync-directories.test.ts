import { expect, test } from 'vitest';
import { groupedSync } from './sync-directories.ts';

/** Syncs that end when the test says so. */
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

test('whoever comes while one is under way waits for one that begins after, and shares it', async () => {
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

test('folders do not wait for each other', () => {
  const { begun, sync } = heldSyncs();
  void sync('/a');
  void sync('/b');
  expect(begun.map(({ path }) => path)).toEqual(['/a', '/b']);
});

test('one that fails fails those who shared it, and no other', async () => {
  const { begun, sync } = heldSyncs();
  const first = sync('/a');
  const second = sync('/a');
  begun[0]?.end(new Error('no such disk'));
  await expect(first).rejects.toThrow('no such disk');
  await settled();
  begun[1]?.end();
  await second;
});
