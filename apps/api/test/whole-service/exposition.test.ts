import { resolve } from 'node:path';
import { makeApiKey } from '@phaselock/access';
import type { TaskId } from '@phaselock/core';
import { type OpenGuard, openGuard } from '@phaselock/guard';
import {
  checkMetrics,
  createTestDatabase,
  createWorld,
  eventually,
  OPUS,
  SONNET,
  type SpawnedNode,
  seriesIn,
  spawnNode,
  startPrometheus,
} from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { prometheusTest } from '../prometheus-test.ts';

// The tests start a process and wait until Prometheus has scraped it.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
/** Limit on the number of time series of one instance. */
const MOST_SERIES = 2_000;
const REQUEST = 'a-request-to-look-up';
const TRACE = '0af7651916cd43dd8448eb211c80319c';

const resources = new AsyncDisposableStack();
let guard: OpenGuard;
let api: SpawnedNode;
let url: string;
let key: string;

beforeAll(async () => {
  const database = resources.use(await createTestDatabase());
  guard = resources.use(await openGuard({ databaseUrl: database.url, invalidation: 'memory' }));
  const taskId = await (await createWorld(guard)).task();
  const { prefix, secretSha256, key: made } = makeApiKey();
  key = made;
  await guard.addApiKey({ prefix, secretSha256, name: 'a test', scopes: ['admin'], projectId: null });
  await guard.database.pool.pg.query(
    `insert into audit_runs (release, scope, sessions, errors, warnings, undecidable) values ('1', 'all', 7, 0, 2, 1), ('1', 'attempt', 1, 5, 5, 5),
       ('1', 'since', 3, 6, 6, 6), ('1', 'since', 2, 1, 4, 0), ('1', 'sample', 2, 5, 5, 5)`,
  );
  api = resources.use(
    spawnNode(MAIN, { env: { PHASELOCK_PORT: '0', PHASELOCK_DATABASE_URL: database.url, PHASELOCK_REVISION: 'abc' } }),
  );
  [, url = ''] = await api.waitForLine(/is up at (\S+)/);
  await exercise(taskId);
});
afterAll(() => resources.disposeAsync());

const call = (method: string, path: string, body?: object): Promise<Response> =>
  fetch(`${url}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${key}`,
      'Content-Type': 'application/json',
      'X-Request-Id': REQUEST,
      traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** Causes every kind of time series: responses of each class, a replacement, a stream, a download, health checks. */
async function exercise(taskId: TaskId): Promise<void> {
  const start = (model: string, confirm?: object) =>
    call('POST', '/v1/sessions', {
      taskId,
      phase: 'run',
      model: { agent: 'claude-code', model },
      ...(confirm && { confirm }),
    });
  const created = await (await start(SONNET)).json();
  const asked = await (await start(OPUS)).json();
  expect((await start(OPUS, Object(asked).confirm)).status).toBe(201);
  await (await call('GET', `/v1/sessions/${Object(created).session.id}/export`)).text();
  for (const path of ['/v1/nothing', '/v1/sessions/x', '/healthz', '/readyz', '/docs', '/openapi.json'])
    await (await call('GET', path)).text();
  const stream = await call('GET', `/v1/tasks/${taskId}/changes`);
  await stream.body?.cancel();
}

const scrape = async (accept = 'text/plain'): Promise<{ text: string; type: string | null }> => {
  const answer = await fetch(`${url}/metrics`, { headers: { Accept: accept } });
  return { text: await answer.text(), type: answer.headers.get('content-type') };
};

test(`exposes at most ${MOST_SERIES} series`, async () => {
  const { text } = await scrape();
  const series = seriesIn(text);
  expect(new Set(series).size).toBe(series.length);
  expect(series.length).toBeGreaterThan(1_000);
  expect(series.length).toBeLessThanOrEqual(MOST_SERIES);
});

prometheusTest('exposes metrics that promtool accepts', async () => {
  expect(await checkMetrics((await scrape()).text)).toEqual({ code: 0, said: '' });
});

prometheusTest('lets Prometheus scrape metrics and find the request behind a histogram bucket', async () => {
  await using prometheus = await startPrometheus([url]);
  const histogram = 'phaselock_session_replacement_seconds_bucket';
  await eventually(
    async () => {
      expect(await prometheus.ask('/api/v1/query?query=up')).toMatchObject({
        result: [{ value: [expect.any(Number), '1'] }],
      });
      const now = Date.now() / 1_000;
      const asked = `query=${histogram}&start=${now - 3_600}&end=${now + 60}`;
      expect(await prometheus.ask(`/api/v1/query_exemplars?${asked}`)).toMatchObject([
        { exemplars: [{ labels: { request_id: REQUEST, trace_id: TRACE } }] },
      ]);
    },
    { withinMs: 30_000 },
  );
  // Metric names must be the same in both exposition formats.
  const { result } = Object(await prometheus.ask('/api/v1/query?query=phaselock_session_replacements_total'));
  expect(result.length).toBeGreaterThan(0);
});

test('exposes build, CPU limit, legacy duplicates and the results of the last audits', async () => {
  const { text } = await scrape();
  expect(text).toMatch(/^phaselock_build_info\{version="\d+\.\d+\.\d+",revision="abc",process="[\da-f-]{36}"\} 1$/m);
  expect(text).toMatch(/^phaselock_cpu_limit_cores [\d.]+$/m);
  await eventually(async () => expect((await scrape()).text).toMatch(/^phaselock_legacy_duplicates 0$/m));
  const told = (await scrape()).text;
  expect(told).toMatch(/^phaselock_audit_last_run_timestamp_seconds 1\d{9}/m);
  expect(told).toMatch(/^phaselock_audit_findings\{severity="warning"\} 2$/m);
  expect(told).toMatch(/^phaselock_audit_findings\{severity="undecidable"\} 1$/m);
  expect(told).toMatch(/^phaselock_audit_incremental_last_run_timestamp_seconds 1\d{9}/m);
  expect(told).toMatch(/^phaselock_audit_incremental_findings\{severity="error"\} 1$/m);
  expect(told).toMatch(/^phaselock_audit_incremental_findings\{severity="warning"\} 4$/m);
});

test('keeps streams, downloads and health checks out of the request histogram', async () => {
  const { text } = await scrape();
  const operations = (name: string): Set<string | undefined> =>
    new Set([...text.matchAll(new RegExp(`^${name}_count\\{operation="(\\w+)"\\}`, 'gm'))].map(([, found]) => found));
  expect(operations('phaselock_http_probe_seconds')).toEqual(new Set(['liveness', 'readiness', 'metrics']));
  const long = operations('phaselock_http_long_answer_seconds');
  expect(long).toEqual(new Set(['exportSession', 'getArchive', 'projectChanges', 'taskChanges']));
  const usual = operations('phaselock_http_request_seconds');
  expect([...usual].filter((name) => long.has(name) || name === 'metrics')).toEqual([]);
  expect(text).toMatch(/^phaselock_http_long_answer_seconds_count\{operation="exportSession"\} 1$/m);
  expect(text).toMatch(/^phaselock_http_requests_total\{operation="exportSession",status_class="2xx"\} 1$/m);
});

test('writes only log lines to standard output', async () => {
  const lines = api.stdout().trim().split('\n');
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('message');
  expect(api.stderr()).toContain('phaselock is up at');
});
