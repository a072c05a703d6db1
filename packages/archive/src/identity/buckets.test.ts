import {
  CopyObjectCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { readArchive } from '@phaselock/store';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AT_ONCE } from '../../test/at-once.ts';
import { damageFile } from '../../test/damage.ts';
import { expectReadable } from '../../test/expect-readable.ts';
import { openTestArchive, type TestArchive } from '../../test/open-test-archive.ts';
import { seedDeleted } from '../../test/seed-deleted.ts';
import { type S3Server, s3Server, startS3 } from '../../test/start-s3.ts';
import { runSteps } from '../steps/run-steps.ts';
import { openObjectStore } from '../stores/open-object-store.ts';

vi.setConfig({ testTimeout: 60_000 });

describe.skipIf(s3Server() === undefined)('archive in a bucket', () => {
  let server: S3Server;
  let client: S3Client;
  beforeAll(async () => {
    server = await startS3();
    client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true });
  });
  afterAll(async () => {
    client.destroy();
    await server[Symbol.asyncDispose]();
  });

  /** Ten sessions, archived and not purged. */
  async function archivedIn(bucket: string, versioned = true): Promise<TestArchive> {
    const address = await server.bucket(bucket, versioned);
    const store = await openObjectStore(versioned ? address : `${address}&versioning=off`);
    const archive = await openTestArchive({ store });
    await seedDeleted(archive.ctx.database, { projectId: archive.home.world.projectId, count: 10 });
    const patient = archive.with({ policy: { ...AT_ONCE, purgeAfterSeconds: 3_600 } });
    expect(await runSteps(patient)).toMatchObject({ archived: 10, purged: 0 });
    archive.told.length = 0;
    return archive;
  }

  const keysOf = async ({ ctx }: TestArchive): Promise<string[]> =>
    (await ctx.database.pool.pg.query('select object_key from archives order by session_id')).rows.map(
      ({ object_key }) => String(object_key),
    );

  test.each([true, false])('writes damaged and deleted objects again (versioned: %s)', async (versioned) => {
    const bucket = `damaged-${versioned}`;
    await using archive = await archivedIn(bucket, versioned);
    const [flipped = '', cut = '', deleted = ''] = await keysOf(archive);
    await damageFile(server.pathOf(bucket, flipped), 'flipped');
    await damageFile(server.pathOf(bucket, cut), 'truncated');
    await archive.ctx.store.remove(deleted);
    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 3, purged: 10, failed: 3 });
    await expectReadable(archive.ctx, { purged: 10, here: 0 });
  });

  test('reads the archived version when an object was deleted or overwritten in a versioned bucket', async () => {
    const bucket = 'overwritten';
    await using archive = await archivedIn(bucket);
    const [deleted = '', overwritten = ''] = await keysOf(archive);
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `archive/${deleted}` }));
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: `archive/${overwritten}`, Body: 'something else' }));
    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 0, purged: 10, failed: 0 });
    await expectReadable(archive.ctx, { purged: 10, here: 0 });
  });

  test('refuses another bucket and writes nothing there', async () => {
    await using archive = await archivedIn('right');
    await using wrong = await openObjectStore(await server.bucket('wrong'));
    const ctx = archive.with({ store: wrong });
    expect(await runSteps(ctx)).toMatchObject({
      archived: 0,
      purged: 0,
      storeChanged: expect.stringMatching(/no marker/),
    });
    const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket: 'wrong' }));
    expect(KeyCount).toBe(0);
    expect(await runSteps(archive.ctx)).toMatchObject({ purged: 10, storeChanged: null });
  });

  test('records the new version ids after a move to another bucket, and continues', async () => {
    await using archive = await archivedIn('before');
    const few = archive.with({ policy: { ...AT_ONCE, batchLimit: 4 } });
    let batches = 0;
    await runSteps({
      ...few,
      racepoint: (name) => {
        if (name === 'purge-claimed' && ++batches > 1) throw new Error('only one batch');
      },
    }).catch(() => undefined);
    await expectReadable(archive.ctx, { purged: 4, here: 6 });

    await using moved = await openObjectStore(await server.bucket('after'));
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'before' }));
    for (const { Key = '' } of Contents)
      await client.send(new CopyObjectCommand({ Bucket: 'after', Key, CopySource: `before/${Key}` }));
    const ctx = archive.with({ store: moved });
    await expectReadable(ctx, { purged: 4, here: 6 });
    archive.told.length = 0;
    expect(await runSteps(ctx)).toMatchObject({ purged: 6, failed: 0, storeChanged: null });
    // The records now name the versions in the new bucket, and no object was written twice.
    expect(archive.told).toEqual(['changed 6', 'archived 6', 'purged 6']);
    await expectReadable(ctx, { purged: 10, here: 0 });
    const { rows } = await archive.ctx.database.pool.pg.query('select session_id from archives order by session_id');
    const record = await readArchive(archive.ctx.database.kysely, rows[9]?.session_id);
    expect(record?.objectKey).not.toMatch(/copy/);
  });
});
