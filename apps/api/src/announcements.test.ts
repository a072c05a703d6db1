import { announceNote, openDatabase, stepRollout, takeRollout, withdrawAnnouncement } from '@phaselock/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

const FLAG = 'single_session_guard';

let home: TestApi;
beforeEach(async () => {
  home = await openTestApi();
});
afterEach(() => home[Symbol.asyncDispose]());

const list = async (query = '', key?: string) =>
  await home.call('GET', `/v1/announcements${query}`, key === undefined ? {} : { key });

/** Sets the stage as `rollout start` and later commands do, but without judging its gates. */
async function atStage(stage: number, percent: number): Promise<void> {
  await using database = openDatabase({ url: home.databaseUrl, maxSize: 1 });
  const lease = await takeRollout(database, { flag: FLAG, holder: 'a test', leaseMs: 60_000, evenHeld: true });
  const before = (await home.api.guard.readRollouts()).find(({ flag }) => flag === FLAG);
  const { rows } = await database.pool.pg.query<{ version: number }>('select version from flags where name = $1', [
    FLAG,
  ]);
  await stepRollout(database, {
    flag: FLAG,
    fence: lease.kind === 'taken' ? lease.fence : 0,
    actor: 'a test',
    seen: { campaign: before?.campaign ?? 0, stage: before?.stage ?? 0, state: before?.state ?? 'idle' },
    step: {
      action: stage === 1 ? 'start' : 'promote',
      why: 'a test',
      bake: 'new',
      to: { campaign: 1, stage, percent, state: 'baking', heldFor: null },
      flag: { change: { enabled: true, percent }, seenVersion: rows[0]?.version ?? 0 },
      announcement: { kind: 'stage', text: `on for ${percent} %` },
    },
  });
}

describe('announcements', () => {
  test('are empty before any rollout', async () => {
    expect((await list()).body).toEqual({ items: [], next: null });
  });

  test('list the current stage first, then earlier stages as inactive', async () => {
    await atStage(1, 5);
    await atStage(2, 25);
    expect((await list()).body).toMatchObject({
      items: [
        { text: 'on for 25 %', kind: 'stage', percent: 25, active: true },
        { text: 'on for 5 %', active: false },
      ],
      next: null,
    });
    expect((await list('?active=true')).body).toMatchObject({ items: [{ text: 'on for 25 %' }] });
    expect((await list('?active=false')).body).toMatchObject({ items: [{ text: 'on for 5 %' }] });
  });

  test('report that the feature is off as soon as the flag is killed through the API', async () => {
    await atStage(1, 5);
    await home.call('POST', `/v1/admin/flags/${FLAG}/kill`, { body: { why: 'it fails' } });
    expect((await list('?active=true')).body).toMatchObject({ items: [{ kind: 'off', active: true }] });
    expect((await list('?active=true')).body).not.toMatchObject({ items: [{ kind: 'stage' }] });
    expect((await home.call('GET', '/v1/admin/rollouts')).body).toMatchObject({
      items: [{ campaign: 1, killed: true, state: 'baking' }],
    });
  });

  test('are paged across active and inactive entries', async () => {
    await atStage(1, 5);
    await using database = openDatabase({ url: home.databaseUrl, maxSize: 1 });
    for (const text of ['a', 'b', 'c', 'd']) await announceNote(database.kysely, { flag: FLAG, text });
    await withdrawAnnouncement(database.kysely, 4);
    const seen: unknown[] = [];
    let cursor = '';
    for (;;) {
      const { body } = await list(`?limit=2${cursor}`);
      const page: { items: { text: string }[]; next: string | null } = JSON.parse(JSON.stringify(body));
      seen.push(...page.items.map(({ text }) => text));
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(seen).toEqual(['d', 'b', 'a', 'on for 5 %', 'c']);
  });

  test('need the scope sessions:read, a valid cursor and a valid filter', async () => {
    expect((await list('', await home.keyFor(['sessions:read']))).status).toBe(200);
    expect((await list('', await home.keyFor(['archive:read']))).status).toBe(403);
    expect((await list('?cursor=bm9uc2Vuc2U')).body).toMatchObject({ code: 'invalid_request' });
    expect((await list('?active=maybe')).status).toBe(400);
  });
});
