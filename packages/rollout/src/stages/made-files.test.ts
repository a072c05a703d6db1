import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { STAGES_FILE } from '../../test/repository-stages.ts';
import { limitsPage } from './limits-page.ts';
import { readStages } from './read-stages.ts';
import { recordingRules } from './recording-rules.ts';
import { thresholdsOf } from './thresholds.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const stages = readStages(readFileSync(STAGES_FILE, 'utf8'));
const MADE: readonly (readonly [string, string])[] = [
  ['ops/prometheus/rollout.rules.yml', recordingRules(stages)],
  ['ops/rollout/thresholds.json', `${JSON.stringify(thresholdsOf(stages), null, 2)}\n`],
  ['docs/rollout-limits.md', limitsPage(stages)],
];

test.each(MADE)('%s is up to date with the stages', (file, made) => {
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(resolve(ROOT, file), made);
  expect(readFileSync(resolve(ROOT, file), 'utf8')).toBe(made);
});

test('thresholds of load tests are in the units of k6', () => {
  expect(thresholdsOf(stages).k6).toMatchObject({
    session_lookup_duration: ['p(95)<100'],
    session_replacement_duration: ['p(95)<500'],
    session_replacement_failed: ['rate<0.01'],
  });
});

test('no rule selects a bucket by a whole number, which Prometheus 3 writes in another form', () => {
  const bounds = [...recordingRules(stages).matchAll(/le=~?\\?"([^"\\]*)/g)].map(([, bound]) => bound);
  expect(bounds.length).toBeGreaterThan(3);
  expect(bounds.filter((bound) => /^\d+(\.0)?$/.test(bound ?? ''))).toEqual([]);
});

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

describe.skipIf(!hasPromtool && process.env.CI !== 'true')('promtool', () => {
  const promtool = (...args: readonly string[]): string =>
    execFileSync('promtool', [...args], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });

  test('accepts the rules', () => {
    expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', 'ops/prometheus/rollout.rules.yml')).toContain(
      'SUCCESS',
    );
  });
  test('passes the tests of the rules', () => {
    expect(promtool('test', 'rules', 'ops/prometheus/rollout.rules.test.yml')).toContain('SUCCESS');
  });
});
