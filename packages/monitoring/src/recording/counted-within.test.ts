import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readStages } from '@phaselock/rollout';
import { prometheusAvailable } from '@phaselock/testkit';
import { describe, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { recordingRules } from './recording-rules.ts';

vi.setConfig({ testTimeout: 120_000 });

const stages = readStages(readFileSync(resolve(import.meta.dirname, '../../../../ops/rollout/stages.yml'), 'utf8'));

const starts = (instance: string): string =>
  `phaselock_session_starts_total{job="phaselock-api",instance="${instance}",outcome="failed"}`;
const began = (instance: string): string => `process_start_time_seconds{job="phaselock-api",instance="${instance}"}`;
const LONG_AGO = '-100000x40';

/** Samples every 15 s, and the expected number of failed starts within five minutes, evaluated after ten minutes. */
const COUNTED: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
  ['one process', { [starts('a')]: '0+2x40', [began('a')]: LONG_AGO }, 40],
  ['two processes', { [starts('a')]: '0+2x40', [starts('b')]: '500+1x40', [began('a')]: LONG_AGO }, 60],
  ['a process that restarted: counts from before the restart are kept', { [starts('a')]: '0+2x30 0+2x9' }, 40],
  [
    'a process that started within the window: its first sample counts in full',
    { [starts('b')]: '_x34 50+2x5', [began('b')]: '_x34 505x6' },
    60,
  ],
  ['a new process with a single sample', { [starts('b')]: '_x40 50x1', [began('b')]: '_x40 590x1' }, 50],
  [
    'an old process that is new to Prometheus: its first sample does not count',
    { [starts('b')]: '_x34 5000x5', [began('b')]: '_x34 -1000x6' },
    0,
  ],
];

describe.skipIf(prometheusAvailable().kind === 'none')('the increase of a counter within a window', () => {
  test('counts the events of restarted and new processes in full', () => {
    const folder = mkdtempSync(join(tmpdir(), 'phaselock-counted-'));
    try {
      writeFileSync(join(folder, 'rules.yml'), recordingRules({ stages }));
      const file = join(folder, 'test.yml');
      const tests = COUNTED.map(([name, given, counted]) => ({
        name,
        interval: '15s',
        input_series: Object.entries(given).map(([series, values]) => ({ series, values })),
        promql_expr_test: [
          {
            // `increase` extrapolates to the edges of its range, and Prometheus 3 leaves the left one out.
            expr: `round(job:phaselock_sli_bad:increase5m{sli="starts"}, 10)`,
            eval_time: '10m',
            exp_samples: [{ labels: '{job="phaselock-api",sli="starts"}', value: counted }],
          },
        ],
      }));
      writeFileSync(
        file,
        stringify({ rule_files: ['rules.yml'], evaluation_interval: '15s', tests }, { lineWidth: 0 }),
      );
      const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
      expect({ status, said: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
