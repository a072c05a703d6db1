import { describe, expect, test } from 'vitest';
import { didYouMean } from './did-you-mean.ts';
import { ANYTHING, judgePromql } from './judge-promql.ts';
import { judgeQueries, told, withRecorded } from './judge-queries.ts';
import { knownFrom } from './known-series.ts';
import { queriesInYaml } from './queries-in-yaml.ts';
import { withoutVariables } from './query.ts';
import { readExposition } from './read-exposition.ts';
import { readPromql, selectorsIn } from './read-promql.ts';

const SCRAPE = `# HELP starts_total Starts.
# TYPE starts_total counter
starts_total{outcome="created",cohort="treatment"} 7
starts_total{outcome="busy",cohort="control"} 0
wait_seconds_bucket{le="0.1"} 3
wait_seconds_bucket{le="1"} 3
wait_seconds_count 3
build_info{version="1.0.0",text="a \\"b\\" {c}"} 1
`;
const known = knownFrom([{ job: 'api', series: readExposition(SCRAPE) }]);
const flaws = (promql: string): string[] => judgePromql(promql, known).map(({ what }) => what);

test('readExposition reads labels whose values contain quotes and braces', () => {
  expect(readExposition(SCRAPE).at(-1)).toEqual({
    name: 'build_info',
    labels: { version: '1.0.0', text: 'a "b" {c}' },
  });
  expect(() => readExposition('not a sample')).toThrow('this is no sample: not a sample');
});

test('selectorsIn finds every selector of an expression', () => {
  const read = readPromql(
    '# a comment\nsum by (job) (rate(a{x="1",y=~"2|3"}[5m] offset 1h)) / on (job) group_left (v) b unless max_over_time(c[1h:5m]) or label_replace(d, "l", "$1", "x", "(.*)")',
  );
  if ('mistake' in read) throw new Error(read.mistake);
  expect(selectorsIn(read.expression).map(({ metric }) => metric?.text)).toEqual(['a', 'b', 'c', 'd']);
  expect(readPromql('sum by (job')).toHaveProperty('mistake');
});

describe('judgePromql reports unknown names and suggests similar ones', () => {
  test.each([
    ['start_total', ['there is no metric start_total; did you mean starts_total?']],
    ['starts_total{outcom="busy"}', ['starts_total has no label outcom; did you mean outcome?']],
    ['starts_total{outcome="bussy"}', ['the label outcome of starts_total is never bussy; did you mean busy?']],
    ['starts_total{outcome!="gone"}', ['the label outcome of starts_total is never gone; known: created, busy']],
    ['starts_total{outcome=~"busy|lost"}', ['the label outcome of starts_total is never lost; known: created, busy']],
    ['starts_total{job="worker"}', ['the label job of starts_total is never worker; known: api']],
    [
      'starts_total{outcome="busy",cohort="treatment"}',
      ['no series of starts_total has outcome="busy", cohort="treatment" together'],
    ],
    ['sum by (cohrt) (starts_total)', ['there is no label cohrt to group by; did you mean cohort?']],
    ['sum by (cohort) (sum by (job) (starts_total))', ['there is no label cohort to group by; known: job']],
    [
      'starts_total * on (version) group_left build_info',
      [expect.stringContaining('there is no label version to group by')],
    ],
    [
      'starts_total * on (job) group_left (release) build_info',
      [expect.stringContaining('there is no label release to group by')],
    ],
    ['wait_seconds_bucket{le="0.2"}', ['0.2 is no bucket of wait_seconds_bucket; known: 0.1, 1']],
    ['wait_seconds_bucket{le="1"}', [expect.stringContaining('only bounds with a fraction')]],
    ['sum(', ['is not valid PromQL']],
  ])('%s', (promql, expected) => expect(flaws(promql)).toEqual(expected));
});

test.each([
  'sum by (job, cohort) (rate(starts_total{outcome=~"created|busy"}[5m])) / on (job) group_left sum by (job) (starts_total)',
  'starts_total * on (job, instance) group_left (version) build_info',
  'histogram_quantile(0.95, sum by (le) (rate(wait_seconds_bucket[5m])))',
  `starts_total{cohort=~"${ANYTHING}",instance="${ANYTHING}"}`,
  'absent(up{job="api"})',
  'count by (release) (label_replace(build_info, "release", "$1", "version", "(.*)"))',
  'time() - max(wait_seconds_count) > 26 * 3600',
])('judgePromql accepts %s', (promql) => expect(flaws(promql)).toEqual([]));

test('withoutVariables replaces the variables of Grafana', () => {
  expect(
    withoutVariables(`rate(a{job=~"$job",i="\${instance:regex}"}[$__rate_interval]) + b[$budget] * $__range_s`),
  ).toBe(`rate(a{job=~"${ANYTHING}",i="${ANYTHING}"}[5m]) + b[5m] * 300`);
});

test('judgeQueries knows recorded series and alerts, and checks the labels that texts show', () => {
  const text = `groups:
  - name: g
    rules:
      - { record: "job:starts:rate5m", expr: "sum by (job) (rate(starts_total[5m]))", labels: { sli: starts } }
      - alert: Bad
        expr: job:starts:rate5m{sli="stops"} > 1
        labels: { severity: page }
        annotations: { summary: "{{ $labels.job }} {{ $labels.severity }} {{ $labels.instance }}" }
      - alert: Worse
        expr: ALERTS{alertname="Badd"}
`;
  const queries = queriesInYaml('rules.yml', text);
  expect(judgeQueries(queries, withRecorded(queries, known)).map(told)).toEqual([
    'rules.yml:6: the label sli of job:starts:rate5m is never stops; known: starts',
    'rules.yml:8: the result has no label instance to show',
    'rules.yml:10: the label alertname of ALERTS is never Badd; did you mean Bad?',
  ]);
});

test('didYouMean returns similar words, the most similar first', () => {
  expect(didYouMean('phaselock_starts', ['phaselock_start', 'other', 'phaselock_status'])).toEqual([
    'phaselock_start',
    'phaselock_status',
  ]);
});
