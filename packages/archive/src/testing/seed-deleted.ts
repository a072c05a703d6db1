import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectId } from '@phaselock/core';
import type { Database } from '@phaselock/store';

type Seeding = { readonly projectId: ProjectId; readonly count: number; readonly width?: number };

/** A statement may not take longer than one of the product, however busy the machine is. */
const AT_A_TIME = 500;

/** As many deleted sessions as are asked for, in a transaction for each five hundred; each with a log of about `width` times 33 bytes. */
export async function seedDeleted({ pool }: Database, { projectId, count, width = 20 }: Seeding): Promise<void> {
  const text = readFileSync(join(import.meta.dirname, 'seed-deleted.sql'), 'utf8');
  for (let left = count; left > 0; left -= AT_A_TIME) {
    const some = Math.min(left, AT_A_TIME);
    const sql = text.replaceAll('$count', `${some}`).replaceAll('$project', projectId).replaceAll('$width', `${width}`);
    await pool.pg.query(`begin; ${sql} commit`);
  }
}
