import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectId } from '@phaselock/core';
import type { Database } from '@phaselock/store';

type Seeding = { readonly projectId: ProjectId; readonly count: number; readonly width?: number };

/** As many deleted sessions as are asked for, in one transaction; each with a log of about `width` times 33 bytes. */
export async function seedDeleted({ pool }: Database, { projectId, count, width = 20 }: Seeding): Promise<void> {
  const text = readFileSync(join(import.meta.dirname, 'seed-deleted.sql'), 'utf8');
  const sql = text.replaceAll('$count', `${count}`).replaceAll('$project', projectId).replaceAll('$width', `${width}`);
  // Thousands of rows at once take longer than any statement of the product may.
  const seeding = { text: `begin; ${sql} commit`, query_timeout: 60_000 };
  await pool.pg.query(seeding);
}
