import { MINUTE } from '../../src/rules/durations.ts';
import { type AlertCases, caseAt, type Given, NOTHING, ofApi } from './alert-case.ts';

const flags = (): AlertCases[] => {
  const at = caseAt(5 * MINUTE);
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
        at('does not', 'both have the same version', 0, { ...version('a', '7x5 8x30'), ...version('b', '7x5 8x30') }),
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
        at('fires', 'the last read grows old', 1, age('0+15x30')),
        at('does not', 'read just now', 0, age('0.4x30')),
        at('just below', 'almost half a minute old', 0, age('29x30')),
        at('no data', 'no target', 0, NOTHING),
        at('more', 'never read', 1, { [ofApi('up')]: '1x30' }),
        at('more', 'a process that is down: that is another alert', 0, { [ofApi('up')]: '0x30' }),
        at('more', 'a process that has just started', 0, {
          [ofApi('up')]: '1x30',
          [ofApi('phaselock_flag_read_age_seconds')]: '_x19 0.4x9',
        }),
      ],
    },
  ];
};

const buses = (): AlertCases[] => {
  const at = caseAt(15 * MINUTE);
  const healthy = (values: string, instance = 'a'): Given => ({
    [ofApi('phaselock_invalidation_bus_healthy', { bus: 'redis' }, instance)]: values,
  });
  return [
    {
      alert: 'PhaselockRedisAway',
      step: 15,
      cases: [
        at('fires', 'the bus of both instances is down, without traffic', 2, {
          ...healthy('1x10 0x50'),
          ...healthy('1x10 0x50', 'b'),
        }),
        at('does not', 'the bus of both instances is healthy', 0, { ...healthy('1x60'), ...healthy('1x60', 'b') }),
        at('just below', 'for nine minutes', 0, healthy('1x24 0x36')),
        at('no data', 'no bus', 0, NOTHING),
      ],
    },
  ];
};

export const FLAG_AND_BUS_CASES: readonly AlertCases[] = [...flags(), ...buses()];
