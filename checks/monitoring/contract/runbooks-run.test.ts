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

vi.setConfig({ testTimeout: 900_000, hookTimeout: 300_000 });

const TASKS = 12;
const NOWHERE = 'http://127.0.0.1:9';
const resources = new AsyncDisposableStack();
let product: Product;
let prometheus: PrometheusServer | undefined;
let used: Used;
let shell: Shell;

const noPrometheus = prometheusAvailable().kind === 'none';
/** Programs that a machine may lack. CI must have all of them. */
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

/** The variables that ops/runbooks/README.md defines. */
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

/** Waits for the first scrape, because `increase` ignores what a counter had before its first sample. */
async function scrapedOnce({ url }: PrometheusServer): Promise<void> {
  await eventually(
    async () => {
      const { data } = Object(await (await fetch(`${url}/api/v1/query?query=sum(up)`)).json());
      return Object(data).result?.[0]?.value?.[1] === '3';
    },
    { withinMs: 60_000, everyMs: 100 },
  );
}

test.skipIf(noPrometheus)('every PromQL expression of a runbook returns the documented result', async () => {
  const { url } = prometheus ?? { url: '' };
  expect(url).not.toBe('');
  const asked = expressionsToRun();
  expect(asked.length).toBeGreaterThan(filesOf('runbooks').length);
  const flaws = await Promise.all(
    asked.map((one) => (prometheus === undefined ? undefined : expressionFlaw(prometheus, one))),
  );
  expect(flaws.filter((flaw) => flaw !== undefined)).toEqual([]);
});

test('every SQL statement of a runbook runs in the database of the product', async () => {
  const blocks = statementsToRun();
  expect(blocks.length).toBeGreaterThan(10);
  const variables = { session: used.sessionId, task: used.taskId };
  expect(await runStatements(blocks, product.databaseUrl, variables)).toEqual([]);
});

test('every command of a runbook exits with the documented code', async () => {
  const commands = commandsToRun()
    .filter((one) => !FOREIGN.some((program) => program === programOf(one)))
    .filter(({ command }) => prometheus !== undefined || !command.includes('$PROMETHEUS'));
  expect(commands.length).toBeGreaterThan(20);
  // The commands of the kill switch run last, because they change the results of the others.
  const inOrder = commands.toSorted((one, other) => rank(one.file) - rank(other.file));
  expect(await runCommands(inOrder, shell)).toEqual([]);
});

test.for(FOREIGN)('every %s command of a runbook exits with the documented code', async (program, { skip }) => {
  if (isMissing(program) || (program === 'redis-cli' && product.redisUrl === undefined)) skip(`${program} is missing`);
  const commands = commandsToRun().filter((one) => programOf(one) === program);
  expect(commands.length).toBeGreaterThan(0);
  expect(await runCommands(commands, shell)).toEqual([]);
});

const rank = (file: string): number => (file.endsWith('kill-switch.md') ? 1 : 0);

describe('the check reports the place of', () => {
  const at = { file: 'a page', line: 7 };

  test('an expression with no result, an unexpected result or a syntax error', async ({ skip }) => {
    const asked = prometheus;
    if (asked === undefined) return skip('Prometheus is not available');
    const flawOf = (promql: string, emptyWhenHealthy = false) =>
      runExpression(asked, { ...at, promql, emptyWhenHealthy });
    expect(await flawOf('phaselock_no_such_metric')).toMatch(/^a page:7: returns no series/);
    expect(await flawOf('up', true)).toMatch(/^a page:7: returns 3 series/);
    expect(await flawOf('sum by (')).toMatch(/^a page:7: is refused/);
    expect(await flawOf('up')).toBeUndefined();
  });

  test('an unknown column or variable, and a change in a block that is not marked as changing data', async () => {
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

  test('an unknown script, option or variable, and an unexpected exit code', async () => {
    const run = (command: string, code = 0) => runCommands([{ ...at, command, code }], shell);
    expect(await run('npx pnpm@12 purge-workers status')).toEqual([expect.stringContaining('no script purge-workers')]);
    expect(await run('npx pnpm@12 verify-sessions --everything')).toEqual([expect.stringContaining('ended with 64')]);
    expect(await run('echo "$NO_SUCH_VARIABLE"')).toEqual([expect.stringContaining('NO_SUCH_VARIABLE')]);
    expect(await run('npx pnpm@12 verify-sessions rules', 2)).toEqual([expect.stringContaining('ended with 0, not 2')]);
  });
});
