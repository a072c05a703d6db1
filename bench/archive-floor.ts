import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';

/**
 * Measures the least work an archive needs: writing and flushing the same bytes, reading them back and hashing them,
 * and deleting all rows with one statement per table.
 */
export async function archiveFloor({
  objects,
  into,
  pg,
}: {
  objects: string;
  into: string;
  pg: Pool;
}): Promise<number> {
  const names = (await readdir(objects, { recursive: true })).filter((name) => name.endsWith('.gz'));
  const contents: Buffer[] = [];
  for (const name of names) contents.push(await readFile(join(objects, name)));
  await mkdir(into);
  // The two measured workers also write 16 objects at a time.
  const AT_A_TIME = 16;
  const since = performance.now();
  let next = 0;
  const writer = async (): Promise<void> => {
    for (let at = next++; at < contents.length; at = next++) {
      const bytes = contents[at];
      if (bytes !== undefined) await keep(into, bytes);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, writer));
  const client = await pg.connect();
  try {
    await client.query('begin');
    for (const table of ['session_logs', 'processes', 'sessions']) {
      await client.query(`alter table ${table} disable trigger ${table}_kept`);
      await client.query(`delete from ${table}`);
    }
    await client.query('commit');
  } finally {
    client.release();
  }
  const tookMs = performance.now() - since;
  await rm(into, { recursive: true });
  return tookMs;
}

async function keep(folder: string, bytes: Buffer): Promise<void> {
  const target = join(folder, randomUUID());
  {
    await using file = await open(target, 'wx');
    await file.write(bytes);
    await file.datasync();
  }
  const hash = createHash('sha256').update(bytes).digest('hex');
  if (
    createHash('sha256')
      .update(await readFile(target))
      .digest('hex') !== hash
  )
    throw new Error('the file does not contain what was written');
}
