import { cp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { AT_ONCE } from '../../test/at-once.ts';
import { DAMAGES, damageFile } from '../../test/damage.ts';
import { deepAudit } from '../../test/deep-audit.ts';
import { expectReadable } from '../../test/expect-readable.ts';
import { openTestArchive } from '../../test/open-test-archive.ts';
import { seedDeleted } from '../../test/seed-deleted.ts';
import type { ObjectStore } from '../stores/object-store.ts';
import { openObjectStore } from '../stores/open-object-store.ts';
import { runSteps } from './run-steps.ts';

vi.setConfig({ testTimeout: 120_000 });

const OPERATIONS = [
  'delete',
  'archive',
  'damage',
  'purge',
  'purge-while-away',
  'purge-on-old-copy',
  'expire',
  'move',
] as const;
type Operation = (typeof OPERATIONS)[number];

/** Begins with the given operation and runs each other operation directly after and before it. */
const walkAround = (middle: Operation): readonly Operation[] =>
  OPERATIONS.flatMap((other) => [middle, other, ...(other === middle ? [] : [middle])]);

const EACH = 3;

async function openWalk() {
  const archive = await openTestArchive();
  const { pg } = archive.ctx.database.pool;
  let { folder } = archive;
  let store: ObjectStore = archive.ctx.store;
  let [born, moves, damaged] = [0, 0, 0];
  const ctx = (purgeAfterSeconds: number) => archive.with({ store, policy: { ...AT_ONCE, purgeAfterSeconds } });
  const purge = () => runSteps(ctx(0));
  const operations: Readonly<Record<Operation, () => Promise<unknown>>> = {
    async delete() {
      await seedDeleted(archive.ctx.database, { projectId: archive.home.world.projectId, count: EACH });
      born += EACH;
    },
    archive: () => runSteps(ctx(3_600)),
    async damage() {
      const { rows } = await pg.query(
        'select object_key from archives a join sessions s on s.id = a.session_id where s.archived_at is not null order by a.session_id limit 1',
      );
      const damage = DAMAGES[damaged++ % DAMAGES.length] ?? 'deleted';
      for (const { object_key } of rows) await damageFile(join(folder, object_key), damage).catch(() => undefined);
    },
    purge,
    async 'purge-while-away'() {
      if (!(await isMade(folder))) return;
      await rename(folder, `${folder}-away`);
      await purge();
      expect(await isMade(folder)).toBe(false);
      await rename(`${folder}-away`, folder);
    },
    async 'purge-on-old-copy'() {
      if (!(await isMade(folder))) return;
      await cp(folder, `${folder}-copy`, { recursive: true });
      await operations.delete();
      await operations.archive();
      await rename(folder, `${folder}-away`);
      await rename(`${folder}-copy`, folder);
      expect(await purge()).toMatchObject({ archived: 0, purged: 0, removed: 0 });
      await rm(folder, { recursive: true });
      await rename(`${folder}-away`, folder);
    },
    expire: () =>
      pg.query(
        `update archives set expires_at = now() - interval '1 s' where session_id in
           (select session_id from archives where purged_at is not null and removing_at is null order by session_id limit 1)`,
      ),
    async move() {
      if (!(await isMade(folder))) return;
      moves += 1;
      const next = join(archive.ctx.scratch, `moved-${moves}`);
      await cp(folder, next, { recursive: true });
      await rm(folder, { recursive: true });
      folder = next;
      store = await openObjectStore(`folder:${folder}`);
    },
  };
  return {
    operations,
    async expectNothingLost() {
      const { rows } = await pg.query(
        `select (select count(*)::int from sessions) as here, (select count(*)::int from archives where removing_at is not null) as removed`,
      );
      const { here, removed } = rows[0] ?? {};
      await expectReadable({ database: archive.ctx.database, store }, { purged: born - here - removed, here });
    },
    async expectAllPurged() {
      for (let runs = 0; runs < 3; runs += 1) {
        await pg.query('update archive_claims set due_at = clock_timestamp()');
        await purge();
      }
      expect((await pg.query('select from sessions')).rowCount).toBe(0);
      const { findings, summary } = await deepAudit(archive.home.databaseUrl, store);
      expect(findings).toEqual([]);
      expect(summary.incomplete).toEqual([]);
    },
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  };
}

const isMade = (folder: string): Promise<boolean> =>
  readdir(folder).then(
    () => true,
    () => false,
  );

test.each(OPERATIONS)(
  'keeps every session readable, in the archive or the database, with every operation before and after %s',
  async (middle) => {
    await using walk = await openWalk();
    await walk.operations.delete();
    for (const operation of walkAround(middle)) {
      await walk.operations[operation]();
      await walk.expectNothingLost();
    }
    await walk.expectAllPurged();
    await walk.expectNothingLost();
  },
);
