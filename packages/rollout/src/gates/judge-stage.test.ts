import { describe, expect, test } from 'vitest';
import { stageOf, stagesForTests } from '../../test/repository-stages.ts';
import { SCRAPE_MS, type World, type WorldSample, worldLines } from '../../test/synthetic-world.ts';
import { collectEvidence } from '../evidence/collect-evidence.ts';
import type { Prometheus } from '../prometheus/prometheus.ts';
import type { RecordingLine } from '../prometheus/recording.ts';
import { replayPrometheus } from '../prometheus/replay-prometheus.ts';
import type { Stages } from '../stages/stages.ts';
import { judgeStage } from './judge-stage.ts';
import type { FlagTruth, StageVerdict } from './verdict.ts';

const FROM = 1_790_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const stages = stagesForTests();

type Bake = Omit<World, 'from' | 'to'> & {
  readonly stage?: number;
  readonly lastsMs?: number;
  readonly expected?: Partial<FlagTruth>;
  readonly by?: Stages;
  readonly through?: (prometheus: Prometheus) => Prometheus;
  readonly lines?: (lines: readonly RecordingLine[]) => readonly RecordingLine[];
  readonly bakeFrom?: number;
};

async function verdictOf({
  stage: number = 1,
  lastsMs = HOUR,
  expected,
  by = stages,
  through = (it) => it,
  lines: changed = (it) => it,
  bakeFrom = FROM,
  ...world
}: Bake): Promise<StageVerdict> {
  const stage = stageOf(stages, number);
  const to = FROM + lastsMs;
  const lines = changed(worldLines({ percent: stage.percent, ...world, from: FROM, to }));
  const window = { stages: by, stage, from: bakeFrom, to };
  const evidence = await collectEvidence(through(replayPrometheus(lines)), window);
  const truth = { enabled: true, percent: stage.percent, version: 7, ...expected };
  return judgeStage({ stages: by, stage, evidence, expected: truth });
}

/** Replaces the value of one metric of api-1 within a time range. */
const from =
  (metric: string, value: number | null, since = 0, until = Number.POSITIVE_INFINITY) =>
  (sample: WorldSample): number | null =>
    sample.metric === metric &&
    sample.instance === 'api-1:8080' &&
    sample.at > FROM + since &&
    sample.at <= FROM + until
      ? value
      : sample.value;

/** One process ends after ten minutes; the next one counts from 0. */
const restarted = ({ metric, instance, at, value }: WorldSample): number => {
  if (instance !== 'api-1:8080' || at <= FROM + 10 * MINUTE) return value;
  if (metric === 'process_start_time_seconds') return FROM / 1_000 + 600;
  return value >= 10_000 ? value - 10_000 : value;
};

describe('a stage', () => {
  test.each([1, 2, 3, 4])('%i passes with a healthy treatment', async (stage) => {
    const verdict = await verdictOf({ stage });
    expect(verdict).toMatchObject({ outcome: 'pass', why: 'proven', final: true, holds: [] });
    expect(verdict.gates.every(({ outcome, decided }) => outcome === 'pass' && decided === 'end')).toBe(true);
  });

  test('does not pass before its bake is over', async () => {
    const verdict = await verdictOf({ lastsMs: 29 * MINUTE });
    expect(verdict).toMatchObject({ outcome: 'inconclusive', why: 'baking', final: false });
    expect(verdict.gates.map(({ outcome }) => outcome)).not.toContain('pass');
  });

  test('bakes until the planned number of events, and is not proven at its longest bake', async () => {
    const few = { perHour: 50 };
    expect(await verdictOf({ ...few, lastsMs: 3 * HOUR })).toMatchObject({ why: 'baking' });
    expect(await verdictOf({ ...few, lastsMs: 4 * HOUR })).toMatchObject({ outcome: 'pass', why: 'proven' });
    expect(await verdictOf({ perHour: 30, lastsMs: 4 * HOUR })).toMatchObject({
      why: 'not_proven',
      final: true,
      outcome: 'inconclusive',
    });
  });

  test('is not proven without events', async () => {
    const verdict = await verdictOf({ perHour: 0, lastsMs: 4 * HOUR });
    expect(verdict).toMatchObject({ outcome: 'inconclusive', why: 'not_proven', final: true });
    expect(verdict.reason).toContain('there were no replacements');
  });

  test('fails early if its cohort fails, although all users together are within the limit', async () => {
    const verdict = await verdictOf({ lastsMs: 5 * MINUTE, failing: { treatment: 0.2 } });
    expect(verdict).toMatchObject({ outcome: 'fail', why: 'failed_early', final: true });
    const [gate] = verdict.gates;
    const all = (gate?.n ?? 0) + (gate?.control?.n ?? 0);
    expect((gate?.failures ?? 0) / all).toBeLessThan(0.011);
  });

  test('fails at the end if its treatment is within the limit, but worse than its control', async () => {
    const verdict = await verdictOf({ lastsMs: 4 * HOUR, failing: { treatment: 0.006, control: 0.001 } });
    expect(verdict).toMatchObject({ outcome: 'fail', why: 'failed' });
    expect(verdict.gates[0]?.reason).toContain('the treatment is worse');
    expect(verdict.gates[0]?.upper).toBeLessThan(0.01);
  });

  test('passes if it is slightly worse than its control, and reports the p-value', async () => {
    const verdict = await verdictOf({ lastsMs: 4 * HOUR, failing: { treatment: 0.002 } });
    expect(verdict).toMatchObject({ outcome: 'pass' });
    expect(verdict.gates[0]?.control?.pValue).toBeLessThan(0.005);
  });

  test('is not compared with its control before the end', async () => {
    const verdict = await verdictOf({ lastsMs: 20 * MINUTE, failing: { treatment: 0.006, control: 0.001 } });
    expect(verdict).toMatchObject({ why: 'baking' });
    expect(verdict.gates[0]?.control).toMatchObject({ pValue: null });
  });

  test('also fails by a gate of an earlier stage', async () => {
    expect(await verdictOf({ stage: 4, failing: { treatment: 0.05 } })).toMatchObject({ why: 'failed_early' });
  });

  test('fails if 10 % of the lookups of the treatment are slow, but not for those of the control', async () => {
    const slow =
      (cohort: string) =>
      ({ metric, labels, at, value }: WorldSample) =>
        metric === 'phaselock_session_lookup_seconds_bucket' && labels.cohort === cohort
          ? 10_000 + Math.floor((value - 10_000) * (at > FROM ? 0.9 : 1))
          : value;
    expect(await verdictOf({ stage: 2, change: slow('treatment') })).toMatchObject({ outcome: 'fail' });
    expect(await verdictOf({ stage: 2, change: slow('control') })).toMatchObject({ outcome: 'pass' });
  });

  test('fails if one instance is over its CPU limit, although the mean is below it', async () => {
    const busy = ({ metric, instance, at, value }: WorldSample) =>
      metric === 'process_cpu_seconds_total' && instance === 'api-1:8080'
        ? 20_000 + ((at - FROM) / 1_000) * 1.2
        : value;
    const verdict = await verdictOf({ stage: 2, change: busy });
    expect(verdict).toMatchObject({ outcome: 'fail', why: 'failed_early' });
    expect(verdict.reason).toContain('api-1:8080 was over 50 %');
  });

  test('shows the gauges of the connection pool', async () => {
    const labels = {
      __name__: 'phaselock_pool_connections',
      job: 'phaselock-api',
      state: 'idle',
      instance: 'api-1:8080',
    };
    const more: RecordingLine[] = [{ kind: 'series', labels, samples: [[FROM + HOUR, 3]] }];
    const { shown } = await verdictOf({ stage: 3, more });
    expect(shown[0]).toMatchObject({ title: 'Connections in use and idle', series: [{ samples: [{ value: 3 }] }] });
  });
});

/** The samples as a query layer over two Prometheus servers returns them, if both scrape the same processes. */
const twice =
  (also: { readonly labels?: Record<string, string>; readonly until?: number; readonly since?: number }) =>
  (lines: readonly RecordingLine[]): readonly RecordingLine[] => {
    const { labels: added = { replica: 'b' }, until = Number.POSITIVE_INFINITY, since = 0 } = also;
    const copies = lines.flatMap((line): RecordingLine[] =>
      line.kind === 'series'
        ? [
            {
              ...line,
              labels: { ...line.labels, ...added },
              samples: line.samples.filter(([at]) => at <= until && at >= since),
            },
          ]
        : [],
    );
    return [...lines, ...copies];
  };

describe('a stage with duplicated counts', () => {
  // With 240 events and no failure the upper bound is above the limit; with 480 it would be below.
  const few: Bake = { perHour: 30, lastsMs: 4 * HOUR };

  test('is not proven by 240 events without duplicates', async () => {
    expect(await verdictOf(few)).toMatchObject({ why: 'not_proven' });
  });

  test('is held for series that differ only in a label our programs do not set', async () => {
    const verdict = await verdictOf({ ...few, lines: twice({}) });
    expect(verdict).toMatchObject({ why: 'held' });
    expect(verdict.holds.map(({ reason, about, bakeFrom }) => [reason, about, bakeFrom])).toEqual([
      ['doubled_series', 'api-1:8080', null],
      ['doubled_series', 'api-2:8080', null],
    ]);
    expect(verdict.holds[0]?.detail).toContain('differs only in replica');
  });

  test('is held for one duplicated metric', async () => {
    const only = (lines: readonly RecordingLine[]): readonly RecordingLine[] => {
      const counted = lines.filter(
        (line) => line.kind === 'series' && line.labels.__name__ === 'phaselock_session_starts_total',
      );
      return [...lines, ...twice({})(counted).slice(counted.length)];
    };
    const { holds } = await verdictOf({ ...few, lines: only });
    expect(holds.map(({ reason }) => reason)).toEqual(['doubled_series', 'doubled_series']);
  });

  test('is held for processes that are scraped under two names', async () => {
    const renamed = (lines: readonly RecordingLine[]): readonly RecordingLine[] => [
      ...lines,
      ...lines.flatMap((line): RecordingLine[] =>
        line.kind === 'series'
          ? [{ ...line, labels: { ...line.labels, instance: `also-${line.labels.instance}` } }]
          : [],
      ),
    ];
    const verdict = await verdictOf({ ...few, lines: renamed });
    expect(verdict).toMatchObject({ why: 'held' });
    expect(verdict.holds.map(({ reason, about }) => [reason, about])).toEqual([
      ['same_process', 'also-api-1:8080, api-1:8080'],
      ['same_process', 'also-api-2:8080, api-2:8080'],
    ]);
  });

  test('is held for a label that was added within the bake', async () => {
    const since = FROM + 30 * MINUTE;
    const relabelled = (lines: readonly RecordingLine[]): readonly RecordingLine[] => {
      const changed = lines.flatMap((line): RecordingLine[] =>
        line.kind === 'series' ? [{ ...line, samples: line.samples.filter(([at]) => at < since) }] : [],
      );
      return [...changed, ...twice({ since })(lines).slice(lines.length)];
    };
    const { holds } = await verdictOf({ ...few, lines: relabelled });
    expect(holds.filter(({ reason }) => reason === 'doubled_series').map(({ bakeFrom }) => bakeFrom)).toEqual([
      since,
      since,
    ]);
  });

  test('is judged if the bake starts after the duplication', async () => {
    const until = FROM + 30 * MINUTE;
    const { holds } = await verdictOf({ ...few, lines: twice({ until }) });
    const doubled = holds.filter(({ reason }) => reason === 'doubled_series');
    expect(doubled.map(({ bakeFrom }) => bakeFrom)).toEqual([until, until]);
    expect(await verdictOf({ ...few, lines: twice({ until }), bakeFrom: until + 5 * MINUTE })).toMatchObject({
      holds: [],
      why: 'baking',
    });
  });

  test('is held before the bake starts', async () => {
    const { holds } = await verdictOf({ ...few, lastsMs: 0, lines: twice({}) });
    expect(holds.map(({ reason }) => reason)).toContain('doubled_series');
  });

  test('is held if a process does not report its id', async () => {
    const { holds } = await verdictOf({ change: from('phaselock_build_info', null, -HOUR) });
    expect(holds.map(({ reason, about }) => [reason, about])).toEqual([['no_data', 'api-1:8080']]);
  });

  test('is not held for successive pods under one name', async () => {
    const since = FROM + 10 * MINUTE;
    const moved = (lines: readonly RecordingLine[]): readonly RecordingLine[] =>
      lines.flatMap((line): RecordingLine[] => {
        if (line.kind !== 'series' || line.labels.instance !== 'api-1:8080') return [line];
        const of = (pod: string, samples: typeof line.samples): RecordingLine => ({
          ...line,
          labels: { ...line.labels, pod },
          samples,
        });
        return [
          of(
            'a',
            line.samples.filter(([at]) => at <= since),
          ),
          of(
            'b',
            line.samples.filter(([at]) => at > since),
          ),
        ];
      });
    const { holds } = await verdictOf({ change: restarted, lines: moved });
    expect(holds.map(({ reason }) => reason)).toEqual(['process_ended']);
  });
});

describe('the preconditions of a stage', () => {
  const alert = { __name__: 'ALERTS', alertname: 'PhaselockDown', alertstate: 'firing' };
  const watchdog = { __name__: 'ALERTS', alertname: 'PhaselockWatchdog', alertstate: 'firing', severity: 'none' };
  const paging = { ...watchdog, severity: 'page' };
  const cases: readonly [string, string, Bake][] = [
    ['Prometheus has no samples', 'no_data', { instances: [] }],
    [
      'Prometheus is down',
      'prometheus_unavailable',
      { through: (it) => ({ ...it, raw: async () => ({ kind: 'refused', why: 'unreachable', detail: 'down' }) }) },
    ],
    [
      'Prometheus fails between two queries',
      'prometheus_unavailable',
      { through: (it) => ({ ...it, instant: async () => ({ kind: 'refused', why: 'timeout', detail: 'late' }) }) },
    ],
    [
      'one instance is no longer scraped',
      'stale',
      { change: ({ instance, at, value }) => (instance === 'api-1:8080' && at > FROM + 55 * MINUTE ? null : value) },
    ],
    ['fewer instances than configured are seen', 'too_few_instances', { instances: ['api-1:8080'] }],
    [
      'fewer instances than at the start are seen',
      'too_few_instances',
      {
        instances: ['api-1:8080', 'api-2:8080', 'api-3:8080'],
        change: ({ instance, at, value }) => (instance === 'api-3:8080' && at > FROM + 10 * MINUTE ? null : value),
      },
    ],
    ['one instance is down', 'instance_down', { change: from('up', 0, 59 * MINUTE) }],
    ['a process was restarted', 'process_ended', { change: restarted }],
    [
      'there are no samples for some minutes',
      'scrape_gap',
      { change: ({ at, value }) => (at > FROM + 10 * MINUTE && at < FROM + 13 * MINUTE ? null : value) },
    ],
    [
      'the first samples are from after the start of the bake',
      'scrape_gap',
      {
        change: ({ metric, at, value }) => {
          if (at < FROM + 10 * MINUTE) return null;
          if (metric === 'process_start_time_seconds') return (FROM + 10 * MINUTE) / 1_000 - 1;
          return value >= 10_000 ? value - 10_000 : value;
        },
      },
    ],
    [
      'a metric is renamed',
      'no_data',
      { change: ({ metric, value }) => (metric === 'phaselock_session_starts_total' ? null : value) },
    ],
    [
      'one instance does not have the metric',
      'no_data',
      {
        change: ({ metric, instance, value }) =>
          metric === 'phaselock_session_starts_total' && instance === 'api-2:8080' ? null : value,
      },
    ],
    [
      'a counter is NaN',
      'not_a_number',
      { change: from('phaselock_session_starts_total', Number.NaN, 20 * MINUTE, 21 * MINUTE) },
    ],
    [
      'a counter is negative',
      'untrusted_counts',
      { change: from('phaselock_session_starts_total', -1, 20 * MINUTE, 21 * MINUTE) },
    ],
    [
      'a counter decreases within one process',
      'untrusted_counts',
      { change: from('phaselock_session_starts_total', 1, 20 * MINUTE, 21 * MINUTE) },
    ],
    [
      'a counter ends before its process',
      'untrusted_counts',
      { change: from('phaselock_session_starts_total', null, 20 * MINUTE) },
    ],
    ['the flag version is not reported', 'no_data', { change: from('phaselock_flag_version', null, -HOUR) }],
    ['one instance has an old flag version', 'not_converged', { change: from('phaselock_flag_version', 6, -HOUR) }],
    [
      'one instance had an old flag version for a while',
      'not_converged',
      { change: from('phaselock_flag_version', 6, 20 * MINUTE, 21 * MINUTE) },
    ],
    ['one instance has another percentage', 'not_converged', { change: from('phaselock_rollout_percent', 25, -HOUR) }],
    ['one instance has it switched off', 'not_converged', { change: from('phaselock_flag_enabled', 0, -HOUR) }],
    [
      'one instance read its flags long ago',
      'flag_read_stale',
      { change: from('phaselock_flag_read_age_seconds', 5.1, 59 * MINUTE) },
    ],
    [
      'one instance read its flags too rarely for a while',
      'not_converged',
      { change: from('phaselock_flag_read_age_seconds', 6, 20 * MINUTE, 21 * MINUTE) },
    ],
    [
      'the age of the flags is NaN',
      'flag_read_stale',
      { change: from('phaselock_flag_read_age_seconds', Number.NaN, 59 * MINUTE) },
    ],
    ['the database has another version', 'not_converged', { expected: { version: 8 } }],
    ['the flag was killed', 'not_at_stage', { expected: { enabled: false } }],
    ['the database is at another percentage', 'not_at_stage', { expected: { percent: 25 } }],
    [
      'no audit has run',
      'audit_missing',
      { change: ({ metric, value }) => (metric === 'phaselock_audit_last_run_timestamp_seconds' ? null : value) },
    ],
    [
      'the audit is old',
      'audit_stale',
      { change: from('phaselock_audit_last_run_timestamp_seconds', (FROM - 26 * HOUR) / 1_000, -HOUR) },
    ],
    [
      'the time of the audit is NaN',
      'audit_stale',
      { change: from('phaselock_audit_last_run_timestamp_seconds', Number.NaN, -HOUR) },
    ],
    [
      'the time of the audit is in the future',
      'clock',
      {
        change: ({ metric, value }) =>
          metric === 'phaselock_audit_last_run_timestamp_seconds' ? (FROM + 24 * HOUR) / 1_000 : value,
      },
    ],
    [
      'requests were shed for overload',
      'requests_shed',
      {
        change: ({ metric, at, value }) =>
          metric === 'phaselock_http_requests_shed_total' && at > FROM + 10 * MINUTE ? value + 1_000 : value,
      },
    ],
    [
      'the number of shed requests is unknown',
      'no_data',
      { change: from('phaselock_http_requests_shed_total', null, -HOUR) },
    ],
    ['the watchdog alert does not fire', 'watchdog_missing', { watchdog: false }],
    [
      'the watchdog alert has not been evaluated for a while',
      'watchdog_missing',
      { watchdog: false, more: [{ kind: 'series', labels: watchdog, samples: [[FROM + HOUR - 2 * MINUTE, 1]] }] },
    ],
    [
      'more events failed than there were',
      'untrusted_counts',
      {
        stage: 3,
        change: ({ metric, at, value }) =>
          metric === 'phaselock_pool_wait_timeouts_total' && at > FROM + MINUTE ? value + 10_000 : value,
      },
    ],
    ['the audit found an error', 'audit_errors', { change: from('phaselock_audit_findings', 1, -HOUR) }],
    [
      'an alert of severity page fires',
      'page_alert',
      { more: [{ kind: 'series', labels: { ...alert, severity: 'page' }, samples: [[FROM + HOUR, 1]] }] },
    ],
  ];

  test.each(cases)('hold it if %s: %s', async (_, reason, bake) => {
    const verdict = await verdictOf(bake);
    expect(verdict).toMatchObject({ outcome: 'inconclusive', why: 'held', final: false });
    expect(verdict.holds.map((hold) => hold.reason)).toContain(reason);
    expect(verdict.gates.map(({ outcome }) => outcome)).not.toContain('pass');
  });

  test('do not prevent an early failure on sufficient evidence', async () => {
    const verdict = await verdictOf({ failing: { treatment: 0.2 }, change: from('up', 0, 59 * MINUTE) });
    expect(verdict).toMatchObject({ outcome: 'fail', why: 'failed_early' });
    expect(verdict.holds).not.toEqual([]);
  });

  test('do not hold it for the watchdog alert', async () => {
    const fires: RecordingLine = { kind: 'series', labels: paging, samples: [[FROM + HOUR - MINUTE, 1]] };
    expect(await verdictOf({ watchdog: false, more: [fires] })).toMatchObject({ outcome: 'pass', holds: [] });
  });

  test('do not hold it for a small difference of the audit clock', async () => {
    const change = ({ metric, value }: WorldSample) =>
      metric === 'phaselock_audit_last_run_timestamp_seconds' ? (FROM + HOUR + 30_000) / 1_000 : value;
    expect(await verdictOf({ change })).toMatchObject({ outcome: 'pass' });
  });

  test('hold it if more than 1 % of the requests were shed, not counting probes', async () => {
    const shed =
      (count: number) =>
      ({ metric, instance, at, value }: WorldSample) =>
        metric === 'phaselock_http_requests_shed_total' && instance === 'api-1:8080' && at > FROM
          ? value + count
          : value;
    // 45 600 requests and two million probes were answered.
    expect(await verdictOf({ change: shed(456) })).toMatchObject({ outcome: 'pass' });
    expect(await verdictOf({ change: shed(457) })).toMatchObject({ why: 'held' });
  });

  test('do not prevent an early failure by the counts of another instance', async () => {
    const wrong = from('phaselock_session_replacement_attempts_total', 1, 20 * MINUTE, 21 * MINUTE);
    const verdict = await verdictOf({ change: wrong, failing: { treatment: 0.2 } });
    expect(verdict).toMatchObject({ outcome: 'fail', why: 'failed_early' });
    expect(verdict.reason).toContain('240 of 1200 replacements failed');
  });

  test('do not prevent an early failure by the CPU use of another instance', async () => {
    const change = ({ metric, instance, at, value }: WorldSample) => {
      if (metric !== 'process_cpu_seconds_total') return value;
      return instance === 'api-1:8080' ? Number.NaN : 20_000 + ((at - FROM) / 1_000) * 1.2;
    };
    const verdict = await verdictOf({ stage: 2, change });
    expect(verdict).toMatchObject({ outcome: 'fail', why: 'failed_early' });
    expect(verdict.reason).toContain('api-2:8080 was over');
  });

  test('hold it if failures are certain only because they are counted twice', async () => {
    // 4 failures of 58 are no certain failure, 8 of 116 would be.
    const share = { treatment: 0.067 };
    const few = { perHour: 30, lastsMs: HOUR, failing: share };
    expect(await verdictOf(few)).toMatchObject({ why: 'baking' });
    expect(await verdictOf({ ...few, lastsMs: 2 * HOUR })).toMatchObject({ why: 'failed_early' });
    expect(await verdictOf({ ...few, lines: twice({}) })).toMatchObject({ why: 'held' });
    expect(await verdictOf({ ...few, lastsMs: 2 * HOUR, lines: twice({}) })).toMatchObject({ why: 'failed_early' });
  });

  test('hold it if failures are from before a label was added', async () => {
    const since = FROM + 30 * MINUTE;
    const before = ({ metric, labels, value }: WorldSample) =>
      metric === 'phaselock_session_replacement_attempts_total' && labels.outcome === 'failed' ? value + 50_000 : value;
    const lines = (all: readonly RecordingLine[]) => twice({ since })(all);
    expect(await verdictOf({ change: before, lines })).toMatchObject({ why: 'held' });
  });

  test('hold it for a wrong counter, without an early failure', async () => {
    const change = from('phaselock_session_replacement_attempts_total', 1, 20 * MINUTE, 21 * MINUTE);
    expect(await verdictOf({ change })).toMatchObject({ why: 'held' });
  });

  test('hold it for a pod under another name, unless ended processes are accepted', async () => {
    const moved: Bake = {
      instances: ['api-1:8080', 'api-2:8080', 'api-3:8080'],
      change: ({ metric, instance, at, value }) => {
        if (instance === 'api-1:8080') return at > FROM + 10 * MINUTE ? null : value;
        if (instance === 'api-2:8080') return value;
        if (at <= FROM + 10 * MINUTE) return null;
        if (metric === 'process_start_time_seconds') return (FROM + 10 * MINUTE) / 1_000;
        return value >= 10_000 ? value - 10_000 : value;
      },
    };
    const { holds } = await verdictOf(moved);
    expect(holds.map(({ reason }) => reason)).toEqual(['stale', 'process_ended']);
    const preconditions = { ...stages.preconditions, mostEndedProcesses: 1 };
    expect(await verdictOf({ ...moved, by: { ...stages, preconditions } })).toMatchObject({
      outcome: 'pass',
      holds: [],
    });
  });

  test('do not hold it for an alert of another severity', async () => {
    const ticket: RecordingLine = {
      kind: 'series',
      labels: { ...alert, severity: 'ticket' },
      samples: [[FROM + HOUR, 1]],
    };
    expect(await verdictOf({ more: [ticket] })).toMatchObject({ outcome: 'pass' });
  });

  test('return the time from which counts are reliable again', async () => {
    const { holds } = await verdictOf({ change: from('phaselock_flag_version', 6, 20 * MINUTE, 21 * MINUTE) });
    expect(holds.map(({ bakeFrom }) => bakeFrom)).toEqual([
      FROM + 21 * MINUTE - ((FROM + 21 * MINUTE - FROM) % SCRAPE_MS) + 1,
    ]);
  });
});

test('a connection wait that timed out counts as one event, not as two', async () => {
  const GIVEN_UP = 100;
  const rising = ['phaselock_pool_wait_timeouts_total', 'phaselock_pool_connection_failures_total'];
  const change = ({ metric, at, value }: WorldSample) =>
    rising.includes(metric) ? value + Math.floor(((at - FROM) / HOUR) * GIVEN_UP) + GIVEN_UP : value;
  const { gates } = await verdictOf({ stage: 3, change });
  const gate = gates.find(({ gate: name }) => name === 'connection_failures');
  // 1200 waits of each instance, of which 100 timed out.
  expect(gate).toMatchObject({ n: 2_400, failures: 2 * GIVEN_UP });
});

test('a gate verdict contains its counts, bounds, queries and instances', async () => {
  const { gates } = await verdictOf({ lastsMs: 4 * HOUR, failing: { treatment: 0.002 } });
  expect(gates[0]).toMatchObject({
    gate: 'replacement_success',
    outcome: 'pass',
    limit: 0.01,
    confidence: 0.95,
    planned: expect.any(Number),
    upper: expect.any(Number),
    from: FROM,
    to: FROM + 4 * HOUR,
    queries: expect.arrayContaining([
      'phaselock_session_replacement_attempts_total{outcome=~"failed|busy",job="phaselock-api",cohort=~"treatment|control"}',
    ]),
    instances: [{ instance: 'api-1:8080' }, { instance: 'api-2:8080' }],
  });
  expect(gates[0]?.reason).toMatch(
    /^\d+ of \d+ replacements failed: at most 0\.\d+ % at 95 % confidence, the limit is 1 %$/,
  );
});
