import { HOUR, MINUTE } from '../../src/rules/durations.ts';
import { type AlertCases, caseAt, NOTHING, ofApi, ofWorker } from './alert-case.ts';

const targets = (): AlertCases[] => {
  const soon = caseAt(10 * MINUTE);
  const later = caseAt(20 * MINUTE);
  const hour = caseAt(HOUR);
  const up = ofApi('up');
  const worker = ofWorker('up');
  const ready = ofApi('phaselock_ready');
  const other = ofApi('phaselock_ready', {}, 'b');
  const began = ofApi('process_start_time_seconds');
  const at = (times: number): string =>
    ['0x10', ...[...Array(times).keys()].map((time) => `${(time + 1) * 600}x8`), `${times * 600}x60`].join(' ');
  return [
    {
      alert: 'PhaselockWatchdog',
      step: MINUTE,
      cases: [
        soon('fires', 'always', 1, { [up]: '1x20' }),
        soon('does not', 'cannot happen: the watchdog fires even with every API down', 1, { [up]: '0x20' }),
        soon('just below', 'fires at the first sample', 1, { [up]: '1x1' }),
        soon('no data', 'fires without any target', 1, NOTHING),
      ],
    },
    {
      alert: 'PhaselockApiAllDown',
      step: 15,
      cases: [
        soon('fires', 'both instances, for longer than a minute', 2, {
          [up]: '1x5 0x40',
          [ofApi('up', {}, 'b')]: '1x30 0x40',
        }),
        soon('does not', 'one of two is up', 0, { [up]: '0x60', [ofApi('up', {}, 'b')]: '1x60' }),
        soon('just below', 'the second one for three quarters of a minute', 0, {
          [up]: '0x60',
          [ofApi('up', {}, 'b')]: '1x36 0x6',
        }),
        soon('no data', 'no target: that is another alert', 0, NOTHING),
        soon('more', 'the only instance', 1, { [up]: '0x60' }),
        soon('more', 'a worker that is up serves no request', 1, { [up]: '0x60', [worker]: '1x60' }),
        soon('more', 'one is no longer a target', 1, { [up]: '0x30 stale', [ofApi('up', {}, 'b')]: '0x60' }),
        soon('more', 'one came back', 0, { [up]: '0x60', [ofApi('up', {}, 'b')]: '0x38 1x6' }),
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
      alert: 'PhaselockNotReady',
      step: 15,
      cases: [
        soon('fires', 'both can be scraped and neither is ready, for longer than a minute', 1, {
          [ready]: '1x30 0x30',
          [other]: '1x20 0x40',
        }),
        soon('does not', 'one of two is ready', 0, { [ready]: '0x60', [other]: '1x60' }),
        soon('just below', 'for three quarters of a minute', 0, { [ready]: '1x37 0x3', [other]: '0x60' }),
        soon('no data', 'none can be scraped: that is another alert', 0, { [up]: '0x60' }),
        soon('more', 'one is down and the other not ready', 1, {
          [up]: '0x60',
          [ready]: '1x20 stale',
          [other]: '1x20 0x40',
        }),
        soon('more', 'one becomes ready in between', 0, { [ready]: '0x36 1x1 0x6', [other]: '0x60' }),
      ],
    },
    {
      alert: 'PhaselockApiAbsent',
      step: 15,
      cases: [
        soon('fires', 'the only target is a worker', 1, { [worker]: '1x60' }),
        soon('does not', 'there is a target, though down', 0, { [up]: '0x60' }),
        soon('just below', 'gone for four minutes', 0, { [up]: '1x24 stale' }),
        soon('no data', 'there is no target', 1, NOTHING),
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
        later('fires', 'the only target is an API', 1, { [up]: '1x60' }),
        later('does not', 'there is a target, though down', 0, { [worker]: '0x60' }),
        later('just below', 'gone for 14 minutes', 0, { [worker]: '1x12 stale' }),
        later('no data', 'there is no target', 1, NOTHING),
      ],
    },
    {
      alert: 'PhaselockRestarting',
      step: MINUTE,
      cases: [
        hour('fires', 'four times within the hour', 1, { [began]: at(4) }),
        hour('does not', 'the process keeps running', 0, { [began]: '0x70' }),
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

export const TARGET_CASES: readonly AlertCases[] = [...targets()];
