import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readStages } from '@phaselock/rollout';
import { expect, test } from 'vitest';
import { ALERTS } from '../alerts/alert-rules.ts';
import { ruleContext } from '../rules/rule-context.ts';
import { dashboards, fileOf } from './dashboards.ts';
import { renderDashboard } from './render-dashboard.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const FOLDER = join(ROOT, 'ops/grafana/dashboards');
const stages = readStages(readFileSync(join(ROOT, 'ops/rollout/stages.yml'), 'utf8'));
const plans = dashboards(stages);
const { PHASELOCK_RUNBOOKS_URL: runbooks } = process.env;
const { runbook } = ruleContext(runbooks === undefined ? { stages } : { stages, runbooks });

test.each(plans.map((plan) => [fileOf(plan), plan] as const))('%s is generated from its plan', (file, plan) => {
  const made = renderDashboard(plan, (alert) => runbook(runbookOf(alert)));
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(join(FOLDER, file), made);
  expect(readFileSync(join(FOLDER, file), 'utf8')).toBe(made);
});

test('the folder holds no other dashboard', () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual(plans.map(fileOf).toSorted());
});

/** Throws for an unknown alert, so that a panel does not lose its runbook when the alert is renamed. */
function runbookOf(alert: string): string {
  const found = ALERTS.find(({ name }) => name === alert);
  if (found === undefined) throw new Error(`there is no alert ${alert}`);
  return found.runbook;
}
