import { MINUTE } from '../../src/rules/durations.ts';
import { type AlertCases, caseAt, type Given, NOTHING, ofApi, ofWorker } from './alert-case.ts';

const GIB = 2 ** 30;

const processes = (): AlertCases[] => {
  const at = caseAt(25 * MINUTE);
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
  const minute = caseAt(10 * MINUTE);
  const hour = caseAt(60 * MINUTE);
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
        at('fires', 'one of two instances uses 90% of two processors', 1, { ...used(0.9), ...used(0.1, 'b') }),
        at('does not', '10% used', 0, used(0.1)),
        at('just below', 'a little less than the limit', 0, used(0.79)),
        at('no data', 'no series', 0, NOTHING),
        at('more', 'a restart does not end the alert', 1, {
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
        at('fires', '90% of the memory limit', 1, memory(0.9)),
        at('does not', '10% of the memory limit', 0, memory(0.1)),
        at('just below', 'a little less than the limit', 0, memory(0.79)),
        at('no data', 'no series', 0, NOTHING),
        at('more', 'a release that exposes no limit', 0, { [ofApi('process_resident_memory_bytes')]: `${9 * GIB}x60` }),
      ],
    },
    {
      alert: 'PhaselockStorageFull',
      step: 15,
      cases: [
        minute('fires', 'one of two instances refused writes', 1, full('0x30 0+1x30', '0x60')),
        minute('does not', 'other errors alone', 0, full('0x60')),
        hour('just below', 'the last refused write is 36 minutes ago', 0, full('0x90 0+5x5 25x150')),
        hour('more', 'the last refused write is 33 minutes ago', 1, full('0x102 0+5x5 25x150')),
        hour('more', '20 minutes without a write between two refused writes', 1, full('0x80 1x80 2x100')),
        minute('no data', 'no series', 0, NOTHING),
        minute('more', 'a new process with refused writes in its first sample', 1, {
          [ofApi('phaselock_errors_total', { code: 'storage_full', cohort: 'none' })]: '_x36 7x10',
          [ofApi('process_start_time_seconds')]: '_x36 530x10',
        }),
        minute('more', 'an old process that is new to Prometheus', 0, {
          [ofApi('phaselock_errors_total', { code: 'storage_full', cohort: 'none' })]: '_x36 7x10',
          [ofApi('process_start_time_seconds')]: '_x36 -5000x10',
        }),
        minute('more', 'a restart', 0, full('50x30 0x30')),
      ],
    },
    {
      alert: 'PhaselockEmbeddedServerDown',
      step: 15,
      cases: [
        minute('fires', 'the server ended and was not restarted', 1, ends('0x20 1x40', '0x60')),
        minute('does not', 'the server ended once and was restarted', 0, ends('0x20 1x40', '0x24 1x40')),
        minute('just below', 'for three quarters of a minute', 0, ends('0x36 1x10', '0x60')),
        minute('no data', 'no series', 0, NOTHING),
      ],
    },
  ];
};

export const PROCESS_CASES: readonly AlertCases[] = [...processes()];
