import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readStages } from '@phaselock/rollout';
import { describe, expect, test } from 'vitest';
import { limitsIn } from './limits-in-text.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PLACE = 'ops/rollout/stages.yml';
const stages = readStages(readFileSync(join(ROOT, PLACE), 'utf8'));
/** Generated files have this text at their head. Their own tests compare them with stages.yml. */
const MADE = /Made from ops\/rollout\/stages\.yml/;

const FILES = globSync(
  [
    'ops/**/*.{yml,yaml,json,ts,mts,md,rules}',
    'loadtests/**/*.{ts,json,md}',
    'packages/rollout/src/**/*.ts',
    'packages/monitoring/src/**/*.ts',
    'apps/rollout-cli/src/**/*.ts',
    'docs/**/*.md',
  ],
  { cwd: ROOT, exclude: ['**/node_modules/**'] },
).filter((file) => file !== PLACE && !/\.test\.(ts|yml)$/.test(file));

test('no hand-written file except stages.yml contains the limit of a gate', () => {
  expect(FILES.length).toBeGreaterThan(30);
  const found = FILES.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    if (MADE.test(text.slice(0, 400))) return [];
    return limitsIn(text, stages).map(({ line, gate, text: written }) => `${file}:${line}: ${gate}: ${written}`);
  });
  expect(found).toEqual([]);
});

describe('limitsIn', () => {
  test.each([
    ['a rule of Prometheus', 'expr: rate(phaselock_session_replacement_attempts_total{outcome="failed"}[5m]) > 0.01'],
    [
      'a rule over several lines',
      '- record: x\n  expr: |\n    histogram_quantile(0.95,\n      rate(phaselock_pool_wait_seconds_bucket[5m]))\n    > 0.05',
    ],
    ['a threshold of k6', "thresholds: { session_lookup_duration: ['p(95)<100'] }"],
    ['a constant', 'const SLOWEST = { replacement_time: 500 };'],
    ['a rule on shed requests', 'expr: rate(phaselock_http_requests_shed_total[5m]) > 0.01'],
    ['a sentence', 'The gate replacement_success passes above 99 % of success.'],
    ['a line of a panel', '{ "title": "CPU utilisation of each instance",\n "steps": [{ "value": 0.5 }] }'],
  ])('finds a limit in %s', (_, text) => {
    expect(limitsIn(text, stages)).not.toEqual([]);
  });

  test.each([
    ['another number', 'expr: rate(phaselock_session_replacement_attempts_total[5m]) > 0.2'],
    ['a number that is in percent already', 'error_rate 26832/913 0 0.01 % pass'],
    ['a part of a number', 'session_lookup_duration took 1000 ms, 0.015 s'],
    ['the number far from any name', `lookup_time\n${'\n'.repeat(5)}100 ms`],
    ['the number of something else', 'const WIDTH = 100;'],
  ])('ignores %s', (_, text) => {
    expect(limitsIn(text, stages)).toEqual([]);
  });
});
