import { HOUR, MINUTE } from '../../rules/durations.ts';
import { type AlertCase, type AlertCases, type Given, NOTHING, ofApi, ofWorker } from './alert-case.ts';

const one =
  (at: number) =>
  (kind: AlertCase['kind'], why: string, firing: number, given: Given): AlertCase => ({ kind, why, at, firing, given });

const GIB = 2 ** 30;

const targets = (): AlertCases[] => {
  const soon = one(10 * MINUTE);
  const later = one(20 * MINUTE);
  const hour = one(HOUR);
  const up = ofApi('up');
  const worker = ofWorker('up');
  const began = ofApi('process_start_time_seconds');
  const at = (times: number): string =>
    ['0x10', ...[...Array(times).keys()].map((time) => `${(time + 1) * 600}x8`), `${times * 600}x60`].join(' ');
  return [
    {
      alert: 'PhaselockWatchdog',
      step: MINUTE,
      cases: [
        soon('fires', 'always', 1, { [up]: '1x20' }),
        soon('does not', 'never that, whatever else is wrong', 1, { [up]: '0x20' }),
        soon('just below', 'at once', 1, { [up]: '1x1' }),
        soon('no data', 'without any target as well', 1, NOTHING),
      ],
    },
    {
      alert: 'PhaselockApiDown',
      step: 15,
      cases: [
        soon('fires', 'one of two, for longer than two minutes', 1, {
          [up]: '1x10 0x40',
          [ofApi('up', {}, 'b')]: '1x60',
        }),
        soon('does not', 'both are up', 0, { [up]: '1x60', [ofApi('up', {}, 'b')]: '1x60' }),
        soon('just below', 'for a minute and a half', 0, { [up]: '1x34 0x6' }),
        soon('no data', 'no target: that is another alert', 0, NOTHING),
        soon('more', 'a worker that is down', 0, { [worker]: '0x60' }),
        soon('more', 'both are down', 2, { [up]: '0x60', [ofApi('up', {}, 'b')]: '0x60' }),
        soon('more', 'it came back in between', 0, { [up]: '0x36 1x1 0x6' }),
      ],
    },
    {
      alert: 'PhaselockApiAbsent',
      step: 15,
      cases: [
        soon('fires', 'a worker alone is known', 1, { [worker]: '1x60' }),
        soon('does not', 'one is known, though down', 0, { [up]: '0x60' }),
        soon('just below', 'gone for four minutes', 0, { [up]: '1x24 stale' }),
        soon('no data', 'nothing is known', 1, NOTHING),
      ],
    },
    {
      alert: 'PhaselockWorkerDown',
      step: 30,
      cases: [
        later('fires', 'for longer than 15 minutes', 1, { [worker]: '0x60' }),
        later('does not', 'it is up', 0, { [worker]: '1x60' }),
        later('just below', 'for 14 minutes', 0, { [worker]: '1x12 0x28' }),
        later('no data', 'no target', 0, NOTHING),
      ],
    },
    {
      alert: 'PhaselockWorkerAbsent',
      step: 30,
      cases: [
        later('fires', 'an API alone is known', 1, { [up]: '1x60' }),
        later('does not', 'one is known, though down', 0, { [worker]: '0x60' }),
        later('just below', 'gone for 14 minutes', 0, { [worker]: '1x12 stale' }),
        later('no data', 'nothing is known', 1, NOTHING),
      ],
    },
    {
      alert: 'PhaselockRestarting',
      step: MINUTE,
      cases: [
        hour('fires', 'four times within the hour', 1, { [began]: at(4) }),
        hour('does not', 'it runs on', 0, { [began]: '0x70' }),
        hour('just below', 'three times', 0, { [began]: at(3) }),
        hour('no data', 'no series', 0, NOTHING),
        hour('more', 'a worker as well', 1, { [ofWorker('process_start_time_seconds')]: at(4) }),
        hour('more', 'four instances, once each', 0, {
          ...Object.fromEntries(
            ['a', 'b', 'c', 'd'].map((name) => [ofApi('process_start_time_seconds', {}, name), at(1)]),
          ),
        }),
      ],
    },
  ];
};

const processes = (): AlertCases[] => {
  const at = one(25 * MINUTE);
  const used = (share: number, instance = 'a', samples = 60): Given => ({
    [ofApi('process_cpu_seconds_total', {}, instance)]: `0+${2 * 30 * share}x${samples}`,
    [ofApi('phaselock_cpu_limit_cores', {}, instance)]: `2x60`,
  });
  const memory = (share: number): Given => ({
    [ofApi('process_resident_memory_bytes')]: `${share * 4 * GIB}x60`,
    [ofApi('phaselock_memory_limit_bytes')]: `${4 * GIB}x60`,
  });
  const ends = (ended: string, again: string): Given => ({
    [ofApi('phaselock_embedded_server_ends_total')]: ended,
    [ofApi('phaselock_embedded_server_restarts_total')]: again,
  });
  const minute = one(10 * MINUTE);
  const full = (...samples: readonly string[]): Given => ({
    ...Object.fromEntries(
      samples.map((each, index) => [
        ofApi('phaselock_errors_total', { code: 'storage_full', cohort: 'none' }, `i${index}`),
        each,
      ]),
    ),
    [ofApi('phaselock_errors_total', { code: 'backend_unavailable', cohort: 'none' })]: '0+10x60',
  });
  return [
    {
      alert: 'PhaselockCpuHigh',
      step: 30,
      cases: [
        at('fires', 'nine tenths of two processors, of one of two instances', 1, { ...used(0.9), ...used(0.1, 'b') }),
        at('does not', 'a tenth', 0, used(0.1)),
        at('just below', 'a little less than the limit', 0, used(0.79)),
        at('no data', 'no series', 0, NOTHING),
        at('more', 'a restart does not end it', 1, {
          ...used(0.9),
          [ofApi('process_cpu_seconds_total')]: `0+54x30 0+54x30`,
        }),
        at('more', 'a worker as well', 1, {
          [ofWorker('process_cpu_seconds_total')]: '0+54x60',
          [ofWorker('phaselock_cpu_limit_cores')]: '2x60',
        }),
        at('more', 'for ten minutes', 0, {
          ...used(0.9),
          [ofApi('process_cpu_seconds_total')]: `0x30 0+54x20`,
        }),
      ],
    },
    {
      alert: 'PhaselockMemoryHigh',
      step: 30,
      cases: [
        at('fires', 'nine tenths of what it may have', 1, memory(0.9)),
        at('does not', 'a tenth', 0, memory(0.1)),
        at('just below', 'a little less than the limit', 0, memory(0.79)),
        at('no data', 'no series', 0, NOTHING),
        at('more', 'a release that tells no limit', 0, { [ofApi('process_resident_memory_bytes')]: `${9 * GIB}x60` }),
      ],
    },
    {
      alert: 'PhaselockStorageFull',
      step: 15,
      cases: [
        minute('fires', 'one of two instances refused writes', 1, full('0x30 0+1x30', '0x60')),
        minute('does not', 'other errors alone', 0, full('0x60')),
        minute('just below', 'it was, more than five minutes ago', 0, full('0+5x10 50x60')),
        minute('no data', 'no series', 0, NOTHING),
        minute('more', 'a process that began with it', 1, {
          [ofApi('phaselock_errors_total', { code: 'storage_full', cohort: 'none' })]: '_x36 7x10',
          [ofApi('process_start_time_seconds')]: '_x36 530x10',
        }),
        minute('more', 'an old process that is new to Prometheus', 0, {
          [ofApi('phaselock_errors_total', { code: 'storage_full', cohort: 'none' })]: '_x36 7x10',
          [ofApi('process_start_time_seconds')]: '_x36 -5000x10',
        }),
        minute('more', 'a restart', 0, full('0x2 50x28 0x30')),
      ],
    },
    {
      alert: 'PhaselockEmbeddedServerDown',
      step: 15,
      cases: [
        minute('fires', 'it ended and was not started', 1, ends('0x20 1x40', '0x60')),
        minute('does not', 'it ended once and was started again', 0, ends('0x20 1x40', '0x24 1x40')),
        minute('just below', 'for three quarters of a minute', 0, ends('0x36 1x10', '0x60')),
        minute('no data', 'no series', 0, NOTHING),
      ],
    },
  ];
};

const flags = (): AlertCases[] => {
  const at = one(5 * MINUTE);
  const version = (instance: string, values: string): Given => ({
    [ofApi('phaselock_flag_version', { flag: 'single_session_guard' }, instance)]: values,
  });
  const age = (values: string): Given => ({
    [ofApi('up')]: '1x30',
    [ofApi('phaselock_flag_read_age_seconds')]: values,
  });
  return [
    {
      alert: 'PhaselockFlagDivergence',
      step: 15,
      cases: [
        at('fires', 'one of two keeps the old version', 1, { ...version('a', '7x30'), ...version('b', '7x5 8x30') }),
        at('does not', 'both go by the same', 0, { ...version('a', '7x5 8x30'), ...version('b', '7x5 8x30') }),
        at('just below', 'for a minute and a half', 0, { ...version('a', '7x30'), ...version('b', '7x14 8x30') }),
        at('no data', 'no series', 0, NOTHING),
        at('more', 'an instance that is gone', 0, { ...version('a', '7x5 8x30'), ...version('b', '7x5 stale') }),
        at('more', 'versions of two flags', 0, {
          ...version('a', '7x30'),
          [ofApi('phaselock_flag_version', { flag: 'locking_strategy' })]: '2x30',
        }),
      ],
    },
    {
      alert: 'PhaselockFlagsUnread',
      step: 15,
      cases: [
        at('fires', 'its reading grows old', 1, age('0+15x30')),
        at('does not', 'read just now', 0, age('0.4x30')),
        at('just below', 'almost half a minute old', 0, age('29x30')),
        at('no data', 'no target', 0, NOTHING),
        at('more', 'never read', 1, { [ofApi('up')]: '1x30' }),
        at('more', 'a process that is down has other troubles', 0, { [ofApi('up')]: '0x30' }),
        at('more', 'a process that has just begun', 0, {
          [ofApi('up')]: '1x30',
          [ofApi('phaselock_flag_read_age_seconds')]: '_x19 0.4x9',
        }),
      ],
    },
  ];
};

const buses = (): AlertCases[] => {
  const at = one(10 * MINUTE);
  const healthy = (values: string, instance = 'a'): Given => ({
    [ofApi('phaselock_invalidation_bus_healthy', { bus: 'redis' }, instance)]: values,
  });
  return [
    {
      alert: 'PhaselockRedisAway',
      step: 15,
      cases: [
        at('fires', 'both instances hear nothing, though nothing is asked of them', 2, {
          ...healthy('1x10 0x40'),
          ...healthy('1x10 0x40', 'b'),
        }),
        at('does not', 'both hear', 0, { ...healthy('1x60'), ...healthy('1x60', 'b') }),
        at('just below', 'for four minutes', 0, healthy('1x24 0x20')),
        at('no data', 'no bus', 0, NOTHING),
      ],
    },
  ];
};

const purges = (): AlertCases[] => {
  const seven = one(7 * HOUR);
  const day = one(27 * HOUR);
  const soon = one(20 * MINUTE);
  const oldest = ofWorker('phaselock_archive_oldest_unfinished_run_start_timestamp_seconds');
  const outcome = (stalled: string): Given => ({
    [ofWorker('phaselock_archive_last_run_outcome', { outcome: 'stalled' })]: stalled,
    [ofWorker('phaselock_archive_last_run_outcome', { outcome: 'succeeded' }, 'v')]: '0x40',
  });
  const success = ofWorker('phaselock_archive_last_success_timestamp_seconds');
  const up = ofWorker('up');
  const letters = ofWorker('phaselock_archive_dead_letters');
  const due = ofWorker('phaselock_archive_oldest_due_age_seconds');
  return [
    {
      alert: 'PhaselockPurgeSlow',
      step: 5 * MINUTE,
      cases: [
        seven('fires', 'a run began six and a half hours ago', 1, { [oldest]: '1800x90' }),
        seven('does not', 'it ended', 0, { [oldest]: '1800x60 stale' }),
        seven('just below', 'almost six hours ago', 0, { [oldest]: '3700x90' }),
        seven('no data', 'no run, or no database', 0, NOTHING),
        seven('more', 'the oldest counts, whichever worker tells of it', 1, {
          [oldest]: '1800x90',
          [ofWorker('phaselock_archive_oldest_unfinished_run_start_timestamp_seconds', {}, 'v')]: '20000x90',
        }),
      ],
    },
    {
      alert: 'PhaselockPurgeHung',
      step: 30,
      cases: [
        soon('fires', 'nobody is at it', 1, outcome('1x60')),
        soon('does not', 'it ended well', 0, outcome('0x60')),
        soon('just below', 'for four minutes', 0, outcome('0x32 1x20')),
        soon('no data', 'no run, or no database', 0, NOTHING),
      ],
    },
    {
      alert: 'PhaselockPurgeNeverRan',
      step: 15 * MINUTE,
      cases: [
        day('fires', 'the last success is more than 26 hours old', 1, { [success]: '1000x120', [up]: '1x120' }),
        day('does not', 'it was last night', 0, { [success]: '1000x80 80000x40', [up]: '1x120' }),
        day('just below', 'almost 26 hours ago', 0, { [success]: `${HOUR + 100}x120`, [up]: '1x120' }),
        day('no data', 'no worker: that is another alert', 0, NOTHING),
        day('more', 'never, though a worker has been there for longer', 1, { [up]: '1x120' }),
        day('more', 'never, with a worker that begins again every day', 1, { [up]: '1x90 0x1 1x30' }),
        day('more', 'never, since it has just been installed', 0, { [up]: '_x20 1x100' }),
        day('more', 'what was known before the database went away holds', 0, {
          [success]: '1000x40 80000x40 stale',
          [up]: '1x120',
        }),
        day('more', 'two workers, of which one was told later', 0, {
          [success]: '1000x120',
          [ofWorker('phaselock_archive_last_success_timestamp_seconds', {}, 'v')]: '80000x120',
        }),
      ],
    },
    {
      alert: 'PhaselockPurgeDeadLetters',
      step: 30,
      cases: [
        soon('fires', 'two workers tell of the same three', 1, {
          [letters]: '3x60',
          [ofWorker('phaselock_archive_dead_letters', {}, 'v')]: '3x60',
        }),
        soon('does not', 'none', 0, { [letters]: '0x60' }),
        soon('just below', 'for four minutes', 0, { [letters]: '0x32 1x20' }),
        soon('no data', 'no database', 0, NOTHING),
      ],
    },
    {
      alert: 'PhaselockPurgeBacklogOld',
      step: 30,
      cases: [
        soon('fires', 'more than two days', 1, { [due]: '172900+30x60' }),
        soon('does not', 'an hour', 0, { [due]: '3600+30x60' }),
        soon('just below', 'almost two days', 0, { [due]: '171000+30x60' }),
        soon('no data', 'nothing is due', 0, NOTHING),
      ],
    },
  ];
};

const audits = (): AlertCases[] => {
  const soon = one(10 * MINUTE);
  const day = one(27 * HOUR);
  const found = (severity: string, values: string, instance = 'a'): Given => ({
    [ofApi('phaselock_audit_findings', { severity }, instance)]: values,
  });
  const last = ofApi('phaselock_audit_last_run_timestamp_seconds');
  return [
    {
      alert: 'PhaselockAuditFindings',
      step: 15,
      cases: [
        soon('fires', 'an error, of which two instances tell', 1, {
          ...found('error', '0x20 1x40'),
          ...found('error', '0x22 1x40', 'b'),
        }),
        soon('does not', 'warnings alone', 0, { ...found('error', '0x60'), ...found('warning', '9x60') }),
        soon('just below', 'known for half a minute', 0, found('error', '0x38 1x40')),
        soon('no data', 'no audit yet', 0, NOTHING),
      ],
    },
    {
      alert: 'PhaselockAuditStale',
      step: 15 * MINUTE,
      cases: [
        day('fires', 'more than 26 hours ago', 1, { [last]: '100x120' }),
        day('does not', 'last night', 0, { [last]: '100x40 80000x80' }),
        day('just below', 'almost 26 hours ago', 0, { [last]: `${HOUR + 100}x120` }),
        day('no data', 'no audit yet', 0, NOTHING),
      ],
    },
  ];
};

export const CASES_ON_STATES: readonly AlertCases[] = [
  ...targets(),
  ...processes(),
  ...flags(),
  ...buses(),
  ...purges(),
  ...audits(),
];
