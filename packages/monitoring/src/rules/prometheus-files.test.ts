import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readStages } from '@phaselock/rollout';
import { prometheusAvailable } from '@phaselock/testkit';
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { JOBS } from '../promql/jobs.ts';

vi.setConfig({ testTimeout: 120_000 });

const ROOT = resolve(import.meta.dirname, '../../../..');
const FOLDER = join(ROOT, 'ops/prometheus');
const RULES = ['phaselock.rules.yml', 'phaselock.alerts.yml'];
const stages = readStages(readFileSync(join(ROOT, 'ops/rollout/stages.yml'), 'utf8'));
const config = parse(readFileSync(join(FOLDER, 'prometheus.yml'), 'utf8'));

const EXPORTERS = ['postgres', 'redis', 'node'];

test('prometheus.yml has the jobs and the scrape interval that the rules and the rollout expect', () => {
  const jobs = config.scrape_configs.map(({ job_name: name }: { job_name: string }) => name);
  expect(jobs).toEqual([...Object.values(JOBS), ...EXPORTERS]);
  expect(stages.prometheus.job).toBe(JOBS.api);
  expect(config.global.scrape_interval).toBe(`${stages.prometheus.scrapeIntervalMs / 1_000}s`);
  expect(config.rule_files).toEqual(['rollout.rules.yml', ...RULES]);
});

test.each(RULES)('%s selects no bucket by a whole number, which Prometheus 3 writes differently', (name) => {
  const bounds = [...readFileSync(join(FOLDER, name), 'utf8').matchAll(/\ble[=~]+\\?"([^"\\]*)/g)].map(([, le]) => le);
  if (name === 'phaselock.rules.yml') expect(bounds.length).toBeGreaterThan(2);
  expect(bounds.filter((bound) => !/^0\.\d+$/.test(bound ?? ''))).toEqual([]);
});

test.each(RULES)('%s uses no feature that Prometheus 2.42 lacks', (name) => {
  expect(readFileSync(join(FOLDER, name), 'utf8')).not.toMatch(/query_offset|^ {4}labels:/m);
});

describe.skipIf(prometheusAvailable().kind === 'none')('promtool', () => {
  const promtool = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync('promtool', [...args], { encoding: 'utf8', cwd: FOLDER });
    return { status, said: `${stdout}${stderr}` };
  };

  test.each(RULES)('accepts %s without a lint warning', (name) => {
    expect(promtool('check', 'rules', '--lint=all', '--lint-fatal', name)).toMatchObject({ status: 0 });
  });

  test('accepts prometheus.yml when its key file exists', () => {
    const folder = mkdtempSync(join(tmpdir(), 'phaselock-prometheus-'));
    try {
      cpSync(FOLDER, folder, { recursive: true });
      mkdirSync(join(folder, 'secrets'));
      writeFileSync(join(folder, 'secrets/metrics-key'), 'a key');
      expect(promtool('check', 'config', join(folder, 'prometheus.yml'))).toMatchObject({ status: 0 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
