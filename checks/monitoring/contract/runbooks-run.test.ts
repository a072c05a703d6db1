import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type PrometheusServer, prometheusAvailable, startPrometheus } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Command, commandsToRun, expressionsToRun, statementsToRun } from './blocks-of-runbooks.ts';
import { filesOf, ROOT } from './find-queries.ts';
import { openShell, runCommands, type Shell } from './run-commands.ts';
import { expressionFlaw, runExpression } from './run-expressions.ts';
import { runStatements } from './run-statements.ts';
import { API_JOB, type Product, startProduct, WORKER_JOB } from './start-product.ts';
import { type Used, useAsHealthy } from './use-as-healthy.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const TASKS = 12;
const NOWHERE = 'http://127.0.0.1:9';
const resources = new AsyncDisposableStack();
let product: Product;
let prometheus: PrometheusServer | undefined;
let used: Used;
let shell: Shell;

const noPrometheus = prometheusAvailable().kind === 'none';
/** Programs a machine may lack. In CI each has to be there. */
const FOREIGN = ['psql', 'redis-cli'] as const;
const isMissing = (program: string): boolean =>
  process.env.CI !== 'true' && spawnSync(program, ['--version']).status !== 0;
const programOf = ({ command }: Command): string => command.split(' ')[0] ?? '';

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
  shell = await openShell(product.folder, await variables());
});
afterAll(() => resources.disposeAsync());

/** Those of the page of all pages. */
async function variables(): Promise<Record<string, string>> {
  const { apis, folder, workerUrl, databaseUrl, archiveUrl, redisUrl } = product;
  const log = join(folder, 'api.log');
  await writeFile(log, apis.map(({ process: api }) => api.stdout()).join(''));
  return {
    API: apis[0].url,
    WORKER: workerUrl,
    PROMETHEUS: prometheus?.url ?? NOWHERE,
    LOG: log,
    SESSION: used.sessionId,
    TASK: used.taskId,
    PHASELOCK_API_KEY: (await readFile(join(folder, '.phaselock/api-key'), 'utf8')).trim(),
    PHASELOCK_DATABASE_URL: databaseUrl,
    PHASELOCK_ARCHIVE_URL: archiveUrl,
    PHASELOCK_PROMETHEUS_URL: prometheus?.url ?? NOWHERE,
    ...(redisUrl !== undefined && { PHASELOCK_REDIS_URL: redisUrl }),
  };
}

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

test('every command of a runbook runs as it is typed, and ends as its page says', async () => {
  const commands = commandsToRun()
    .filter((one) => !FOREIGN.some((program) => program === programOf(one)))
    .filter(({ command }) => prometheus !== undefined || !command.includes('$PROMETHEUS'));
  expect(commands.length).toBeGreaterThan(20);
  // The switch is thrown last: it changes what everything else says.
  const inOrder = commands.toSorted((one, other) => rank(one.file) - rank(other.file));
  expect(await runCommands(inOrder, shell)).toEqual([]);
});

test.for(FOREIGN)('those that are for %s', async (program, { skip }) => {
  if (isMissing(program) || (program === 'redis-cli' && product.redisUrl === undefined)) skip(`there is no ${program}`);
  const commands = commandsToRun().filter((one) => programOf(one) === program);
  expect(commands.length).toBeGreaterThan(0);
  expect(await runCommands(commands, shell)).toEqual([]);
});

const rank = (file: string): number => (file.endsWith('kill-switch.md') ? 1 : 0);

describe('it can fail, and names the place', () => {
  const at = { file: 'a page', line: 7 };

  test('an expression without an answer, with an unexpected one, and none at all', async ({ skip }) => {
    const asked = prometheus;
    if (asked === undefined) return skip('there is no Prometheus');
    const flawOf = (promql: string, emptyWhenHealthy = false) =>
      runExpression(asked, { ...at, promql, emptyWhenHealthy });
    expect(await flawOf('phaselock_no_such_metric')).toMatch(/^a page:7: answers with nothing/);
    expect(await flawOf('up', true)).toMatch(/^a page:7: answers with 3 series/);
    expect(await flawOf('sum by (')).toMatch(/^a page:7: is refused/);
    expect(await flawOf('up')).toBeUndefined();
  });

  test('a column that is not there, and a statement that changes something without saying so', async () => {
    const run = (sql: string, changes = false) =>
      runStatements([{ ...at, sql, changes }], product.databaseUrl, { session: used.sessionId });
    expect(await run('select no_such_column from sessions')).toEqual([expect.stringMatching(/^a page:7: .*column/)]);
    expect(await run("select kill_flag('single_session_guard', 'me', 'why')")).toEqual([
      expect.stringContaining('read-only'),
    ]);
    expect(await run("select kill_flag('single_session_guard', 'me', 'why')", true)).toEqual([]);
    expect(await run("select id from sessions where id = :'session'")).toEqual([]);
    expect(await run("select :'sesion'")).toEqual([expect.stringContaining('no value')]);
  });

  test('a script, an option or a variable that is not there', async () => {
    const run = (command: string, code = 0) => runCommands([{ ...at, command, code }], shell);
    expect(await run('npx pnpm@12 purge-workers status')).toEqual([expect.stringContaining('no script purge-workers')]);
    expect(await run('npx pnpm@12 verify-sessions --everything')).toEqual([expect.stringContaining('ended with 64')]);
    expect(await run('echo "$NO_SUCH_VARIABLE"')).toEqual([expect.stringContaining('NO_SUCH_VARIABLE')]);
    expect(await run('npx pnpm@12 verify-sessions rules', 2)).toEqual([expect.stringContaining('ended with 0, not 2')]);
  });
});
