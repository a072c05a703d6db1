import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';

/** What no archive can do without: the same bytes written and flushed, read back and hashed, and the rows deleted at once. */
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
  // As many at a time as the two workers write.
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
    throw new Error('not what was written');
}
