import { join } from 'node:path';
import {
  aStart,
  begin,
  checkMetrics,
  eventually,
  freePort,
  seriesIn,
  spawnNode,
  startPrometheus,
} from '@phaselock/testkit';
import { expect, vi } from 'vitest';
import { openTestWorker, type TestWorker } from '../test/open-test-worker.ts';
import { prometheusTest } from '../test/prometheus-test.ts';

// The test starts two processes and waits until Prometheus has scraped one.
vi.setConfig({ testTimeout: 90_000 });

const MAIN = join(import.meta.dirname, 'main.ts');
/** Limit on the number of time series of one worker. */
const MOST_SERIES = 400;

async function anArchivedSession({ home: { guard, world }, env }: TestWorker): Promise<void> {
  const session = await begin(guard, aStart(await world.task()));
  await guard.softDelete({ sessionId: session.id });
  await using once = spawnNode(MAIN, { args: ['once'], env });
  expect(await once.exited).toMatchObject({ code: 0 });
}

prometheusTest('exposes metrics that promtool and Prometheus accept, with a limited number of series', async () => {
  await using worker = await openTestWorker();
  await anArchivedSession(worker);
  const port = await freePort();
  const env = { ...worker.env, PHASELOCK_PURGE_METRICS_PORT: String(port), PHASELOCK_REVISION: 'abc' };
  await using running = spawnNode(MAIN, { args: ['run'], env });
  await running.waitForLine(/waits for its next scheduled run/);
  const url = `http://127.0.0.1:${port}/metrics`;
  const text = await (await fetch(url)).text();
  expect(text).toMatch(/^phaselock_build_info\{version="[\d.]+",revision="abc",process="[\da-f-]{36}"\} 1$/m);
  expect(text).toMatch(/^phaselock_archive_last_run_outcome\{outcome="succeeded"\} 1$/m);
  expect(await checkMetrics(text)).toEqual({ code: 0, said: '' });
  expect(seriesIn(text).length).toBeLessThanOrEqual(MOST_SERIES);

  await using prometheus = await startPrometheus([url]);
  await eventually(
    async () => {
      const backlog = await prometheus.ask('/api/v1/query?query=phaselock_archive_backlog');
      expect(backlog).toMatchObject({ result: [{ value: [expect.any(Number), '0'] }] });
    },
    { withinMs: 30_000 },
  );
});
