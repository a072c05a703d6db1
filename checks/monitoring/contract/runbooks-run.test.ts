import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type PrometheusServer, prometheusAvailable, startPrometheus } from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { commandsToRun, expressionsToRun, statementsToRun } from './blocks-of-runbooks.ts';
import { filesOf, ROOT } from './find-queries.ts';
import { openShell, runCommands } from './run-commands.ts';
import { expressionFlaw } from './run-expressions.ts';
import { runStatements } from './run-statements.ts';
import { API_JOB, type Product, startProduct, WORKER_JOB } from './start-product.ts';
import { type Used, useAsHealthy } from './use-as-healthy.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const TASKS = 12;
const resources = new AsyncDisposableStack();
let product: Product;
let prometheus: PrometheusServer | undefined;
let used: Used;

const noPrometheus = prometheusAvailable().kind === 'none';
/** In CI there has to be one, as for Prometheus. */
const noPsql = spawnSync('psql', ['--version']).status !== 0 && process.env.CI !== 'true';

beforeAll(async () => {
  product = resources.use(await startProduct());
  const { apis, workerUrl } = product;
  if (!noPrometheus) {
    const rules = filesOf('rules').map((file) => join(ROOT, file));
    const urls = apis.map(({ url }) => url);
    const options = { job: API_JOB, beside: { [WORKER_JOB]: [workerUrl] }, rules };
    prometheus = resources.use(await startPrometheus(urls, options));
  }
  if (prometheus !== undefined) await scrapedOnce(prometheus);
  used = await useAsHealthy(apis[0], TASKS);
});
afterAll(() => resources.disposeAsync());

/** What a counter had before it was first scraped is no increase. */
async function scrapedOnce({ url }: PrometheusServer): Promise<void> {
  await eventually(
    async () => {
      const { data } = Object(await (await fetch(`${url}/api/v1/query?query=sum(up)`)).json());
      return Object(data).result?.[0]?.value?.[1] === '3';
    },
    { withinMs: 30_000, everyMs: 100 },
  );
}

test.skipIf(noPrometheus)('every PromQL of a runbook is answered as its page says', async () => {
  const { url } = prometheus ?? { url: '' };
  expect(url).not.toBe('');
  const asked = expressionsToRun();
  expect(asked.length).toBeGreaterThan(filesOf('runbooks').length);
  const flaws = await Promise.all(
    asked.map((one) => (prometheus === undefined ? undefined : expressionFlaw(prometheus, one))),
  );
  expect(flaws.filter((flaw) => flaw !== undefined)).toEqual([]);
});

test('every SQL of a runbook runs in the database of the product', async () => {
  const blocks = statementsToRun();
  expect(blocks.length).toBeGreaterThan(10);
  const variables = { session: used.sessionId, task: used.taskId };
  expect(await runStatements(blocks, product.databaseUrl, variables)).toEqual([]);
});

test.skipIf(noPsql)('every command of a runbook runs as it is typed, and ends as its page says', async () => {
  const log = join(product.folder, 'api.log');
  await writeFile(log, product.apis.map(({ process: api }) => api.stdout()).join(''));
  const shell = await openShell(product.folder, {
    API: product.apis[0].url,
    WORKER: product.workerUrl,
    PROMETHEUS: prometheus?.url ?? product.apis[0].url,
    LOG: log,
    SESSION: used.sessionId,
    TASK: used.taskId,
    PHASELOCK_API_KEY: (await readFile(join(product.folder, '.phaselock/api-key'), 'utf8')).trim(),
    PHASELOCK_DATABASE_URL: product.databaseUrl,
    PHASELOCK_ARCHIVE_URL: product.archiveUrl,
    PHASELOCK_PROMETHEUS_URL: prometheus?.url ?? 'http://127.0.0.1:9',
  });
  const commands = commandsToRun();
  expect(commands.length).toBeGreaterThan(20);
  // The switch is thrown last: it changes what everything else says.
  const inOrder = commands.toSorted((one, other) => rank(one.file) - rank(other.file));
  expect(await runCommands(inOrder, shell)).toEqual([]);
});

const rank = (file: string): number => (file.endsWith('kill-switch.md') ? 1 : 0);
