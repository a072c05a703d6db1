import { expect, test } from 'vitest';
import { formatValue } from './format-value.ts';

test.each([
  [0.0123, 'percentunit', undefined, '1.23%'],
  [1, 'percentunit', 2, '100.00%'],
  [0.0042, 's', undefined, '4.2 ms'],
  [0.00002, 's', undefined, '20 µs'],
  [7_200, 's', undefined, '2 h'],
  [0, 's', undefined, '0 s'],
  [93_600, 's', undefined, '1.08 days'],
  [157_286_400, 'bytes', undefined, '150 MiB'],
  [1_500, 'Bps', undefined, '1.5 kB/s'],
  [0.25, 'ops', undefined, '0.25 ops/s'],
  [12, 'none', undefined, '12'],
  [12_000, 'short', undefined, '12 K'],
  [Number.NaN, 'short', undefined, '–'],
])('%s in %s is %s', (value, unit, decimals, written) => {
  expect(formatValue(value, unit, decimals)).toBe(written);
});
