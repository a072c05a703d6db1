import { join } from 'node:path';
import { prepareDatabase } from '@phaselock/guard';
import { startEmbeddedPostgres } from '@phaselock/store';
import { eventually, temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { openTestApi } from '../test/open-test-api.ts';

/** Longer than the result of a key lookup is cached. */
const REMEMBERED_MS = 5_000;

test('/metrics accepts known keys during an outage of PostgreSQL, until a lookup finds them revoked', async () => {
  await using directory = await temporaryDirectory();
  const start = () => startEmbeddedPostgres({ dataDir: join(directory.path, 'data'), settings: { fsync: 'off' } });
  const first = await start();
  await prepareDatabase(first.url);
  await using api = await openTestApi({}, first.url);
  const ask = (key: string, path: string) =>
    fetch(`${api.api.url}${path}`, { headers: { 'X-Forwarded-For': '192.0.2.1', Authorization: `Bearer ${key}` } });
  const scrape = async (key: string): Promise<number> => (await ask(key, '/metrics')).status;
  const scraper = await api.keyFor(['metrics:read']);
  const neverUsed = await api.keyFor(['metrics:read']);
  const reader = await api.keyFor(['archive:read']);
  expect([await scrape(scraper), await scrape(reader)]).toEqual([200, 403]);
  const since = performance.now();

  await first.killHard();
  await eventually(() => performance.now() - since > REMEMBERED_MS, { withinMs: 2 * REMEMBERED_MS });
  expect(await scrape(scraper)).toBe(200);
  expect(await scrape(reader)).toBe(403);
  expect(await scrape(neverUsed)).toBe(503);
  expect(await scrape(`${scraper.slice(0, -1)}${scraper.endsWith('A') ? 'B' : 'A'}`)).toBe(401);
  expect((await ask(reader, '/v1/projects')).status).toBe(503);
  const numbers = await (await ask(scraper, '/metrics')).text();
  expect(numbers).toMatch(/^phaselock_pool_connection_failures_total [1-9]/m);

  await using second = await start();
  expect(second.url).toBe(first.url);
  await eventually(async () => expect(await scrape(neverUsed)).toBe(200), { withinMs: 20_000 });
  const prefix = scraper.slice('plk_'.length).split('_', 1)[0];
  await eventually(async () => {
    await api.api.guard.database.query(
      { name: 'revoke', text: 'update api_keys set revoked_at = now() where prefix = $1' },
      [prefix],
    );
  });
  await eventually(async () => expect(await scrape(scraper)).toBe(401), { withinMs: 2 * REMEMBERED_MS });
}, 60_000);
