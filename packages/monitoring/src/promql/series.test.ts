import { expect, test } from 'vitest';
import { series } from './series.ts';

test('returns the name of a metric without matchers', () => {
  expect(series('phaselock_unguarded_starts_total')).toBe('phaselock_unguarded_starts_total');
});

test('compares a single value with =, and several values with =~', () => {
  expect(series('phaselock_session_starts_total', { outcome: ['failed', 'busy'], cohort: 'treatment' })).toBe(
    'phaselock_session_starts_total{outcome=~"failed|busy",cohort="treatment"}',
  );
});

test('adds negative matchers, and raw matchers with dashboard variables', () => {
  expect(
    series(
      'phaselock_http_requests_total',
      { status_class: '5xx' },
      { not: { operation: 'readiness' }, raw: ['job=~"$job"'] },
    ),
  ).toBe('phaselock_http_requests_total{status_class="5xx",operation!="readiness",job=~"$job"}');
});

test('selects the buckets of a histogram', () => {
  expect(series('phaselock_session_lookup_seconds_bucket', { le: '0.1', source: 'database' })).toBe(
    'phaselock_session_lookup_seconds_bucket{le="0.1",source="database"}',
  );
});

test('rejects unknown names, labels and values at compile time', () => {
  // @ts-expect-error no such metric
  series('phaselock_session_start_total');
  // @ts-expect-error no such label
  series('phaselock_session_starts_total', { strategy: 'optimistic' });
  // @ts-expect-error no such value
  series('phaselock_session_starts_total', { outcome: 'fialed' });
  // @ts-expect-error only the buckets have `le`
  series('phaselock_session_lookup_seconds_count', { le: '0.1' });
  // @ts-expect-error no such value of the label `status_class`
  series('phaselock_http_requests_total', { status_class: '6xx' });
  expect(series('phaselock_archive_backlog', { job: 'any' })).toBe('phaselock_archive_backlog{job="any"}');
});
