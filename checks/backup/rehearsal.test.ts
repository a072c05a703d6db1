import { temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { burnDown, type Remains } from './burn-down.ts';
import { deletedSessions, purgedSessions } from './known-sessions.ts';
import { type Restored, removeOldSeals, restoreAfter, unknownObjects } from './restore-after.ts';

let resources: AsyncDisposableStack;
let remains: Remains;

beforeAll(async () => {
  resources = new AsyncDisposableStack();
  const { path } = resources.use(await temporaryDirectory());
  remains = await burnDown(path, () => undefined);
}, 300_000);
afterAll(() => resources.disposeAsync());

describe('restored to the end of the WAL archive', () => {
  let restored: Restored;
  beforeAll(async () => {
    restored = resources.use(await restoreAfter(remains, 'to-the-end', { kind: 'end' }));
  }, 180_000);

  test('the database has every session acknowledged before the end of the last archived segment', () => {
    const archived = remains.acknowledged.slice(0, remains.archivedAnswers);
    expect(archived.length).toBeGreaterThan(100);
    expect(archived.filter(({ session }) => !restored.known.has(session))).toEqual([]);
  });

  test('a deep audit, which reads every object, finds nothing', async () => {
    const audit = await restored.service.audit();
    expect(audit.said).toMatch(/OK\n$/);
    expect(audit.exitCode).toBe(0);
  });

  test('the service writes, archives and purges further sessions, and the audit stays clean', async () => {
    const { client } = restored.service;
    const { id: projectId } = (await client.createProject({ body: { name: 'after' } })).body;
    const { id: taskId } = (await client.createTask({ body: { projectId, title: 'after' } })).body;
    const model = { agent: 'claude-code', model: 'claude-sonnet-4-5' };
    const { session } = (await client.startSession({ body: { taskId, phase: 'run', model } })).body;
    await client.deleteSession({ params: { sessionId: session.id } });
    await restored.service.purgeNow('archive-and-purge');
    expect(await purgedSessions(restored.service.postgres.url)).toContain(session.id);
    expect((await restored.service.audit()).exitCode).toBe(0);
  });
});

describe('restored to the time before the accidental delete', () => {
  let restored: Restored;
  beforeAll(async () => {
    const { mishap } = remains;
    restored = resources.use(await restoreAfter(remains, 'to-a-time', { kind: 'time', at: mishap.at }));
  }, 180_000);

  test('the database has every session from before that time, undeleted, and none from after it', async () => {
    const at = Date.parse(remains.mishap.at);
    const before = remains.acknowledged.filter(({ answeredAt }) => answeredAt < at);
    const after = remains.acknowledged.filter(({ sentAt }) => sentAt > at);
    expect(before.length).toBeGreaterThan(60);
    expect(after.length).toBeGreaterThan(40);
    expect(before.filter(({ session }) => !restored.known.has(session))).toEqual([]);
    expect(after.filter(({ session }) => restored.known.has(session))).toEqual([]);
    const found = await Promise.all(
      remains.mishap.deleted.map((sessionId) => restored.service.client.getSession({ params: { sessionId } })),
    );
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter(({ body }) => body.deletedAt !== null)).toEqual([]);
  });

  test('sessions that were purged after that time are in the database again', async () => {
    const again = remains.mishap.purgedAfter.filter((session) => restored.known.has(session));
    expect(again.length).toBeGreaterThan(0);
    const purged = new Set(await purgedSessions(restored.service.postgres.url));
    expect(again.filter((session) => purged.has(session))).toEqual([]);
  });

  test('the purge worker refuses the newer store until it is adopted', async () => {
    const { service, archive } = restored;
    await removeOldSeals(archive, remains.lastSeal);
    const look = await service.purgeWorker('store');
    expect(look.exitCode).toBe(4);
    expect(look.said).toContain('restored');
    const adopted = await service.purgeWorker('store', 'adopt', '--reason', 'the database was restored');
    expect(adopted.said).toMatch(/each is as recorded/);
    expect(adopted.exitCode).toBe(0);
  });

  test('the purge worker purges due sessions, keeps objects of unknown sessions, and the audit is clean', async () => {
    const { service } = restored;
    const unknown = await unknownObjects(restored);
    expect(unknown.length).toBeGreaterThan(0);
    // Sessions that were deleted by accident, or replaced afterwards, are live in this database.
    const deleted = new Set(await deletedSessions(service.postgres.url));
    const due = remains.mishap.purgedAfter.filter((session) => deleted.has(session));
    expect(due.length).toBeGreaterThan(0);
    await service.purgeNow('archive-and-purge');
    expect(await unknownObjects(restored)).toEqual(unknown);
    const audit = await service.audit();
    expect(audit.said).toMatch(/OK\n$/);
    const purged = new Set(await purgedSessions(service.postgres.url));
    expect(due.filter((session) => !purged.has(session))).toEqual([]);
  });
});
