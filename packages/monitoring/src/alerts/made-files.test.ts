import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readStages, recordingRules as rolloutRules } from '@phaselock/rollout';
import { expect, test } from 'vitest';
import { recordingRules } from '../recording/recording-rules.ts';
import { prometheusRule } from '../rules/prometheus-rule.ts';
import { ALERTS, alertRules } from './alert-rules.ts';
import { alertsTable } from './alerts-table.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const stages = readStages(readFileSync(resolve(ROOT, 'ops/rollout/stages.yml'), 'utf8'));
const { PHASELOCK_RUNBOOKS_URL: runbooks } = process.env;
const options = runbooks === undefined ? { stages } : { stages, runbooks };
const recorded = recordingRules(options);
const alerts = alertRules(options);

test.each([
  ['ops/prometheus/phaselock.rules.yml', recorded],
  ['ops/prometheus/phaselock.alerts.yml', alerts],
  // Includes the recording rules of the rollout, because its gates query the same Prometheus.
  ['ops/kubernetes/prometheus-rule.yaml', prometheusRule([rolloutRules(stages), recorded, alerts])],
])('%s is generated from the definitions', (file, made) => {
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(resolve(ROOT, file), made);
  expect(readFileSync(resolve(ROOT, file), 'utf8')).toBe(made);
});

test('docs/monitoring.md lists every alert', () => {
  const page = resolve(ROOT, 'docs/monitoring.md');
  const [before = '', rest = ''] = readFileSync(page, 'utf8').split('<!-- alerts -->');
  const after = rest.slice(rest.indexOf('<!-- /alerts -->'));
  const made = `${before}<!-- alerts -->\n\n${alertsTable(ALERTS)}\n\n${after}`;
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(page, made);
  expect(readFileSync(page, 'utf8')).toBe(made);
});
