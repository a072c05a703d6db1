import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readStages } from '@phaselock/rollout';
import { expect, test } from 'vitest';
import { dashboards, fileOf } from './dashboards.ts';
import { renderDashboard } from './render-dashboard.ts';
import { runbookUrl } from './runbook-url.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const FOLDER = join(ROOT, 'ops/grafana/dashboards');
const plans = dashboards(readStages(readFileSync(join(ROOT, 'ops/rollout/stages.yml'), 'utf8')));

test.each(plans.map((plan) => [fileOf(plan), plan] as const))('%s is made from its plan', (file, plan) => {
  const runbooks = process.env.PHASELOCK_RUNBOOKS_URL;
  const made = renderDashboard(plan, (alert) => runbookUrl(alert, runbooks));
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(join(FOLDER, file), made);
  expect(readFileSync(join(FOLDER, file), 'utf8')).toBe(made);
});

test('there is no dashboard beside them', () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual(plans.map(fileOf).toSorted());
});
