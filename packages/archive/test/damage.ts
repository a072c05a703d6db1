import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';

/** The kinds of damage that tests do to an object's file. */
export const DAMAGES = ['flipped', 'truncated', 'emptied', 'deleted', 'another', 'folder'] as const;
export type Damage = (typeof DAMAGES)[number];

const ANOTHER = 'something else altogether';

export async function damageFile(path: string, damage: Damage): Promise<void> {
  switch (damage) {
    case 'flipped': {
      const bytes = await readFile(path);
      const middle = bytes.length >> 1;
      return await writeFile(path, bytes.with(middle, (bytes[middle] ?? 0) ^ 1));
    }
    case 'truncated':
      return await truncate(path, (await readFile(path)).length - 1);
    case 'emptied':
      return await truncate(path, 0);
    case 'deleted':
      return await rm(path);
    case 'another':
      return await writeFile(path, ANOTHER);
    case 'folder':
      await rm(path);
      return void (await mkdir(path));
  }
}
