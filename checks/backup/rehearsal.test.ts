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

describe('restored to the end of what was archived', () => {
  let restored: Restored;
  beforeAll(async () => {
    restored = resources.use(await restoreAfter(remains, 'to-the-end', { kind: 'end' }));
  }, 180_000);

  test('every session acknowledged before the end of the last archived segment is there', () => {
    const archived = remains.acknowledged.slice(0, remains.archivedAnswers);
    expect(archived.length).toBeGreaterThan(100);
    expect(archived.filter(({ session }) => !restored.known.has(session))).toEqual([]);
  });

  test('the audit finds nothing, every object read', async () => {
    const audit = await restored.service.audit();
    expect(audit.said).toMatch(/OK\n$/);
    expect(audit.exitCode).toBe(0);
  });

  test('it goes on: sessions are written, archived and purged, and proven', async () => {
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

describe('restored to the moment before the mishap', () => {
  let restored: Restored;
  beforeAll(async () => {
    const { mishap } = remains;
    restored = resources.use(await restoreAfter(remains, 'to-a-time', { kind: 'time', at: mishap.at }));
  }, 180_000);

  test('what was acknowledged before it is there, what was asked for after it is not', async () => {
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

  test('sessions that were purged after it are whole in the database again, and the audit says so', async () => {
    const again = remains.mishap.purgedAfter.filter((session) => restored.known.has(session));
    expect(again.length).toBeGreaterThan(0);
    const purged = new Set(await purgedSessions(restored.service.postgres.url));
    expect(again.filter((session) => purged.has(session))).toEqual([]);
  });

  test('an hour later the worker takes the store for another one, until it is adopted; expired archives are no loss', async () => {
    const { service, archive } = restored;
    await removeOldSeals(archive, remains.lastSeal);
    const look = await service.purgeWorker('store');
    expect(look.exitCode).toBe(4);
    expect(look.said).toContain('restored');
    const adopted = await service.purgeWorker('store', 'adopt', '--reason', 'the database was restored');
    expect(adopted.said).toMatch(/each is as recorded/);
    expect(adopted.exitCode).toBe(0);
  });

  test('then it goes on, leaves objects of sessions it does not know alone, and the audit is clean', async () => {
    const { service } = restored;
    const unknown = await unknownObjects(restored);
    expect(unknown.length).toBeGreaterThan(0);
    // What was deleted by the mishap, or replaced after it, is alive in this database.
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
