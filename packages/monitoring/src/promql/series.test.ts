import { expect, test } from 'vitest';
import { series } from './series.ts';

test('a metric alone', () => {
  expect(series('phaselock_unguarded_starts_total')).toBe('phaselock_unguarded_starts_total');
});

test('one value is compared, several are matched', () => {
  expect(series('phaselock_session_starts_total', { outcome: ['failed', 'busy'], cohort: 'treatment' })).toBe(
    'phaselock_session_starts_total{outcome=~"failed|busy",cohort="treatment"}',
  );
});

test('what is left out, and the variables of a dashboard', () => {
  expect(
    series(
      'phaselock_http_requests_total',
      { status_class: '5xx' },
      { not: { operation: 'readiness' }, raw: ['job=~"$job"'] },
    ),
  ).toBe('phaselock_http_requests_total{status_class="5xx",operation!="readiness",job=~"$job"}');
});

test('a histogram by its buckets', () => {
  expect(series('phaselock_session_lookup_seconds_bucket', { le: '0.1', source: 'database' })).toBe(
    'phaselock_session_lookup_seconds_bucket{le="0.1",source="database"}',
  );
});

test('names, labels and values that are in no catalogue do not compile', () => {
  // @ts-expect-error no such metric
  series('phaselock_session_start_total');
  // @ts-expect-error no such label
  series('phaselock_session_starts_total', { strategy: 'optimistic' });
  // @ts-expect-error no such value
  series('phaselock_session_starts_total', { outcome: 'fialed' });
  // @ts-expect-error the buckets alone have `le`
  series('phaselock_session_lookup_seconds_count', { le: '0.1' });
  // @ts-expect-error not within the label `status_class`
  series('phaselock_http_requests_total', { status_class: '6xx' });
  expect(series('phaselock_archive_backlog', { job: 'any' })).toBe('phaselock_archive_backlog{job="any"}');
});
