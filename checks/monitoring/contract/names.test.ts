import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { driveEveryOperation } from './drive-every-operation.ts';
import { filesOf, PLACE_NAMES, type Place, queriesOf, ROOT } from './find-queries.ts';
import { judgeMentions } from './judge-mentions.ts';
import { judgeQueries, type Problem, told, withRecorded } from './judge-queries.ts';
import { knownFrom } from './known-series.ts';
import type { Query } from './query.ts';
import { type Exposed, scrapesOf, startProduct } from './start-product.ts';

// The setup starts three programs with a database and calls every operation of the API.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const resources = new AsyncDisposableStack();
let exposed: readonly Exposed[];
let places: ReadonlyMap<Place, readonly Query[]>;
let queries: readonly Query[];

beforeAll(async () => {
  places = new Map(PLACE_NAMES.map((place) => [place, queriesOf(place)]));
  queries = [...places.values()].flat();
  const product = resources.use(await startProduct());
  const [api] = product.apis;
  await driveEveryOperation(api, 1_000);
  exposed = await product.scrapeWithRunUnderWay();
});
afterAll(() => resources.disposeAsync());

/** The problems of these queries, when the programs expose `scraped`. */
const judge = (scraped: readonly Exposed[], of: readonly Query[] = queries): Problem[] =>
  judgeQueries(of, withRecorded(queries, knownFrom(scrapesOf(scraped))));

test('every operation of the OpenAPI document was called before the scrape', () => {
  const document: unknown = JSON.parse(readFileSync(join(ROOT, 'docs/openapi.json'), 'utf8'));
  const operations = Object.values<unknown>(Object(document).paths).flatMap((path) =>
    Object.values<unknown>(Object(path)).map((operation) => String(Object(operation).operationId)),
  );
  const called = new Set(
    exposed.flatMap(({ text }) =>
      [...text.matchAll(/^phaselock_http_requests_total\{operation="(\w+)",[^}]*\} [1-9]/gm)].map(([, id]) => id),
    ),
  );
  expect(operations.length).toBeGreaterThan(40);
  expect(operations.filter((id) => !called.has(id))).toEqual([]);
});

describe('every named metric, label and value exists', () => {
  test.each(PLACE_NAMES)('in the queries of the %s', (place) => {
    expect(judge(exposed, places.get(place)).map(told)).toEqual([]);
  });

  test('in texts outside of queries', () => {
    expect(judgeMentions(withRecorded(queries, knownFrom(scrapesOf(exposed)))).map(told)).toEqual([]);
  });
});

test('the search finds the queries of every place', () => {
  const count = (place: Place): number => places.get(place)?.length ?? 0;
  expect(filesOf('rules')).toContain('ops/prometheus/rollout.rules.yml');
  expect(count('stages')).toBeGreaterThan(10);
  const withQueries = new Set(queries.map(({ file }) => file));
  const expected = [...filesOf('rules'), ...filesOf('runbooks')].filter((file) => !file.endsWith('README.md'));
  expect(expected.filter((file) => !withQueries.has(file))).toEqual([]);
  if (existsSync(join(ROOT, 'ops/grafana'))) {
    expect(filesOf('dashboards').length).toBeGreaterThan(0);
    expect(count('dashboards')).toBeGreaterThan(filesOf('dashboards').length);
  }
});

/** The lines of queries that contain this word, found without parsing the queries. */
const linesWith = (word: RegExp): string[] => {
  const lines = new Set(
    queries.flatMap(({ file, text, from, to }) => {
      const first = text.slice(0, from).split('\n').length;
      const part = text.slice(from, Math.max(to, text.indexOf('\n', from)));
      return part.split('\n').flatMap((line, at) => (word.test(line) ? [`${file}:${first + at}`] : []));
    }),
  );
  return [...lines].toSorted();
};

const placesOf = (problems: readonly Problem[]): string[] =>
  [...new Set(problems.map(({ file, line }) => `${file}:${line}`))].toSorted();

const renamed = (pattern: RegExp, by: string): Exposed[] =>
  exposed.map(({ job, text }) => ({ job, text: text.replaceAll(pattern, by) }));

describe('judgeQueries reports every line that uses', () => {
  test('a renamed metric', () => {
    const problems = judge(renamed(/\bphaselock_session_starts_total\b/g, 'phaselock_session_begins_total'));
    const own = problems.filter(({ what }) => what.includes('no metric phaselock_session_starts_total'));
    const places = linesWith(/\bphaselock_session_starts_total\b/);
    expect(places.length).toBeGreaterThan(3);
    expect(placesOf(own)).toEqual(expect.arrayContaining(places));
    expect(own[0]?.what).toContain('did you mean phaselock_session_begins_total');
  });

  test('a renamed label', () => {
    const problems = judge(renamed(/\bcohort="/g, 'group="'));
    expect(placesOf(problems)).toEqual(expect.arrayContaining(linesWith(/\{[^}]*\bcohort=/)));
    expect(
      problems.some(({ file, what }) => file === 'ops/rollout/stages.yml' && /has no label cohort/.test(what)),
    ).toBe(true);
  });

  test('a renamed value', () => {
    const problems = judge(renamed(/outcome="busy"/g, 'outcome="locked"'));
    const own = problems.filter(({ what }) => /outcome of phaselock_session_\w+ is never busy/.test(what));
    expect(placesOf(own)).toEqual(expect.arrayContaining(linesWith(/session_starts_total\{[^}]*outcome=~"[^"]*busy/)));
    expect(own.map(({ file }) => file)).toContain('ops/rollout/stages.yml');
  });

  test('a removed bucket', () => {
    const problems = judge(
      exposed.map(({ job, text }) => ({
        job,
        text: text.replaceAll(/^phaselock_session_lookup_seconds_bucket\{.*le="0\.1".*\n/gm, ''),
      })),
    );
    const own = problems.filter(({ what }) =>
      what.includes('0.1 is no bucket of phaselock_session_lookup_seconds_bucket'),
    );
    const places = linesWith(/phaselock_session_lookup_seconds_bucket\{[^}]*le="0\.1"/);
    expect(places.length).toBeGreaterThan(1);
    expect(placesOf(own)).toEqual(places);
  });

  test('a renamed metric in a runbook', () => {
    const problems = judge(renamed(/\bphaselock_flag_read_age_seconds\b/g, 'phaselock_flags_age_seconds'));
    expect(
      problems.filter(({ file }) => file === 'ops/runbooks/flags-unread.md').map(({ what }) => what),
    ).toContainEqual(expect.stringContaining('phaselock_flag_read_age_seconds'));
  });
});
