import { eventually, prometheusAvailable, temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askPrometheus, type PrometheusQueries } from '../preview/ask-prometheus.ts';
import { openProduct, type Product } from '../product/open-product.ts';
import { type Load, putLoadOn } from '../product/put-load-on.ts';
import { watchProduct } from '../product/watch-product.ts';
import { fillVariables } from './fill-variables.ts';
import { NOT_HERE } from './not-here.ts';
import { panelsOf, readDashboards } from './read-dashboards.ts';

/**
 * Starts the real programs under load and a real Prometheus with the rules of the repository, and checks that each
 * expression of each panel returns data.
 */
const tools = prometheusAvailable();
const DASHBOARDS = readDashboards();
const EXPRESSIONS = DASHBOARDS.flatMap((dashboard) =>
  panelsOf(dashboard).flatMap(({ title, targets }) =>
    targets.map(({ refId, expr }) => ({ name: `${dashboard.file}: ${title}: ${refId}`, dashboard, expr })),
  ),
);
/** The Prometheus of this test scrapes every second. */
const STEPS = { stepSeconds: 1, scrapeSeconds: 1, rangeSeconds: 300 };
const PATIENT = { withinMs: 100_000, everyMs: 500 };
/** A purge run starts with the minute, and its process has a low priority, so a run takes long on a busy machine. */
const UNTIL_A_RUN_ENDED = { withinMs: 300_000, everyMs: 500 };
const ABOUT_PURGE = 'purge-and-archive.json';

describe.skipIf(tools.kind === 'none')(
  `every panel has data${tools.kind === 'none' ? ` (${tools.reason})` : ''}`,
  () => {
    const stack = new AsyncDisposableStack();
    let product: Product;
    let load: Load;
    let prometheus: PrometheusQueries;

    beforeAll(async () => {
      const { path } = stack.use(await temporaryDirectory());
      product = stack.use(await openProduct(path));
      const { url } = stack.use(await watchProduct(product));
      prometheus = askPrometheus(url);
      load = stack.use(putLoadOn(product, { users: 6, pauseMs: 60 }));
    }, 120_000);
    afterAll(() => stack.disposeAsync());

    const hasData = async ({ expr, dashboard }: (typeof EXPRESSIONS)[number], at: number): Promise<boolean> => {
      const series = await prometheus.instant(fillVariables(expr, dashboard, STEPS), at);
      return series.some(({ points }) => points.some(([, value]) => Number.isFinite(value)));
    };

    test('every expression returns data, unless NOT_HERE lists it', async () => {
      // Half of the users are outside the rollout, so that both cohorts have data.
      await product.setShare(50);
      await eventually(() => load.answered() > 200, PATIENT);
      const excused = new Set(Object.keys(NOT_HERE));
      let waiting = EXPRESSIONS.filter(
        ({ name }) => !excused.has(name) && (product.redis !== undefined || !/redis/i.test(name)),
      );
      expect(waiting.length).toBeGreaterThan(100);
      // A rate covers only a few scrapes, so an expression that has returned data once is not queried again.
      const ask = async (fulfilled: () => boolean) => {
        const at = Date.now() / 1_000;
        const found = await Promise.all(waiting.map(async (asked) => ({ asked, has: await hasData(asked, at) })));
        waiting = found.filter(({ has }) => !has).map(({ asked }) => asked);
        if (!fulfilled()) throw new Error(`no data: ${waiting.map(({ name }) => name).join('; ')}`);
      };
      await eventually(() => ask(() => waiting.every(({ dashboard }) => dashboard.file === ABOUT_PURGE)), PATIENT);
      // The purge archives the sessions that the load has deleted. The load ends first, to leave it the CPU.
      await load[Symbol.asyncDispose]();
      await eventually(() => ask(() => waiting.length === 0), UNTIL_A_RUN_ENDED);
    }, 520_000);

    test('Prometheus accepts the query of every annotation', async () => {
      const at = Date.now() / 1_000;
      const marks = DASHBOARDS.flatMap((dashboard) =>
        dashboard.annotations.list.map(({ expr }) => ({ dashboard, expr })),
      );
      await Promise.all(
        marks.map(({ dashboard, expr }) => prometheus.instant(fillVariables(expr, dashboard, STEPS), at)),
      );
    }, 120_000);

    test('NOT_HERE lists only existing expressions', () => {
      const names = new Set(EXPRESSIONS.map(({ name }) => name));
      expect(Object.keys(NOT_HERE).filter((name) => !names.has(name))).toEqual([]);
    });
  },
);
