import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectId } from '@phaselock/core';
import type { Database } from '@phaselock/store';

type Seeding = { readonly projectId: ProjectId; readonly count: number; readonly width?: number };

/** Limits the size of each statement, so that it stays within the product's statement time-out on a busy machine. */
const AT_A_TIME = 500;

/** Creates `count` deleted sessions, 500 per transaction; each has a log of about `width` times 33 bytes. */
export async function seedDeleted({ pool }: Database, { projectId, count, width = 20 }: Seeding): Promise<void> {
  const text = readFileSync(join(import.meta.dirname, 'seed-deleted.sql'), 'utf8');
  for (let left = count; left > 0; left -= AT_A_TIME) {
    const some = Math.min(left, AT_A_TIME);
    const sql = text.replaceAll('$count', `${some}`).replaceAll('$project', projectId).replaceAll('$width', `${width}`);
    await pool.pg.query(`begin; ${sql} commit`);
  }
}
