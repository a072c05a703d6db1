import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readStages } from '@phaselock/rollout';
import { prometheusAvailable } from '@phaselock/testkit';
import { describe, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import type { AlertCases } from '../../test/alerts/alert-case.ts';
import { FLAG_AND_BUS_CASES } from '../../test/alerts/cases-on-flags-and-buses.ts';
import { PROCESS_CASES } from '../../test/alerts/cases-on-processes.ts';
import { PURGE_AND_AUDIT_CASES } from '../../test/alerts/cases-on-purges-and-audits.ts';
import { CASES_ON_SHARES } from '../../test/alerts/cases-on-shares.ts';
import { TARGET_CASES } from '../../test/alerts/cases-on-targets.ts';
import { recordingRules } from '../recording/recording-rules.ts';
import { ALERTS, alertRules } from './alert-rules.ts';

// promtool evaluates the rules of each budget alert thousands of times.
vi.setConfig({ testTimeout: 180_000 });

const stages = readStages(readFileSync(resolve(import.meta.dirname, '../../../../ops/rollout/stages.yml'), 'utf8'));
const CASES: readonly AlertCases[] = [
  ...TARGET_CASES,
  ...PROCESS_CASES,
  ...FLAG_AND_BUS_CASES,
  ...PURGE_AND_AUDIT_CASES,
  ...CASES_ON_SHARES,
];
const NEEDED = ['fires', 'does not', 'just below', 'no data'] as const;

test.each(ALERTS)('$name has a case of each kind ($windows.long)', ({ name, windows }) => {
  const kinds = CASES.filter(({ alert, window }) => alert === name && window === windows?.long).flatMap(({ cases }) =>
    cases.map(({ kind }) => kind),
  );
  expect(NEEDED.filter((kind) => !kinds.includes(kind))).toEqual([]);
});

test('every case belongs to an existing alert', () => {
  const known = ALERTS.map(({ name, windows }) => `${name} ${windows?.long}`);
  expect(CASES.map(({ alert, window }) => `${alert} ${window}`).filter((name) => !known.includes(name))).toEqual([]);
});

type Rule = {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
};
const rulesIn = (text: string): Rule[] => parse(text).groups.flatMap((group: { rules: Rule[] }) => group.rules);
const recorded = rulesIn(recordingRules({ stages }));
const alerts = rulesIn(alertRules({ stages }));

/** The rule of the alert and the rules it is computed from. Evaluating all rules for each alert would take minutes. */
function rulesFor({ alert, window }: AlertCases): Rule[] {
  const rule = alerts.find(({ alert: name, labels }) => name === alert && labels?.window === window);
  if (rule === undefined) throw new Error(`There is no rule ${alert} with the window ${window}.`);
  const indicators = [...rule.expr.matchAll(/sli="(\w+)"/g)].map(([, name]) => name);
  const wanted = new Set<string>([rule.expr]);
  const needed = recorded
    .toReversed()
    .filter(({ record = '', expr, labels }) => {
      const isNamed = [...wanted].some((text) => text.includes(record));
      if (!isNamed || (labels?.sli !== undefined && !indicators.includes(labels.sli))) return false;
      wanted.add(expr);
      return true;
    })
    .toReversed();
  return [...needed, rule];
}

const testFile = ({ alert, window, step, cases }: AlertCases, rules: string) => ({
  rule_files: [rules],
  evaluation_interval: `${step}s`,
  tests: cases.map(({ kind, why, given, at, firing }) => ({
    name: `${alert}${window === undefined ? '' : ` ${window}`}: ${kind}: ${why}`,
    interval: `${step}s`,
    input_series: Object.entries(given).map(([series, values]) => ({ series, values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{alertname="${alert}",alertstate="firing",service="phaselock"${window === undefined ? '' : `,window="${window}"`}})`,
        eval_time: `${at}s`,
        exp_samples: firing === 0 ? [] : [{ labels: '{}', value: firing }],
      },
    ],
  })),
});

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;
const PROGRAMS = ['promtool', 'promtool3'].filter((program) => program === 'promtool' || has(program));

describe.skipIf(prometheusAvailable().kind === 'none').each(PROGRAMS)('%s', (program) => {
  test.each([...new Set(CASES.map(({ alert }) => alert))])('passes every case of %s', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'phaselock-rules-'));
    try {
      const files = CASES.filter(({ alert }) => alert === name).map((cases, index) => {
        const rules = `${index}.rules.yml`;
        writeFileSync(join(folder, rules), stringify({ groups: [{ name: 'all', rules: rulesFor(cases) }] }));
        const file = join(folder, `${index}.test.yml`);
        writeFileSync(file, stringify(testFile(cases, rules), { lineWidth: 0 }));
        return file;
      });
      const { status, stdout, stderr } = spawnSync(program, ['test', 'rules', ...files], { encoding: 'utf8' });
      expect({ status, said: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
