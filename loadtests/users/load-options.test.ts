import { expect, test } from 'vitest';
import { closedUsers, loadOptions, openArrivals, quietTasksOf, slotsOf, suddenUsers } from './load-options.ts';
import { readSettings } from './settings.ts';
import { SIZES } from './sizes.ts';

const LIMITS = { session_start_failed: ['rate<0.5'], session_lookup_duration: ['p(95)<7'] };
const peak = readSettings({}, SIZES['peak-1000']);

test('latency limits apply to the open arm only, failure limits to all calls', () => {
  const thresholdsOf = (held: 'all' | 'failures' | 'none') => loadOptions({}, LIMITS, held).thresholds;
  expect(thresholdsOf('all')).toEqual({
    checks: ['rate>=1'],
    session_start_failed: ['rate<0.5'],
    'session_lookup_duration{arm:open}': ['p(95)<7'],
  });
  expect(thresholdsOf('failures')).toEqual({ checks: ['rate>=1'], session_start_failed: ['rate<0.5'] });
  expect(thresholdsOf('none')).toEqual({ checks: ['rate>=1'] });
});

test('suddenUsers ramps up and down quickly within the duration of the scenario', () => {
  const { closed } = suddenUsers(peak);
  if (closed?.executor !== 'ramping-vus') throw new Error('no peak');
  expect(closed.startVUs).toBe(100);
  expect(closed.stages.map(({ target }) => target)).toEqual([100, 1_000, 1_000, 100, 100]);
  const lasts = closed.stages.reduce((sum, { duration }) => sum + Number.parseInt(duration, 10), 0);
  expect(lasts).toBe(peak.seconds);
});

test.each([
  { seconds: 300, arriving: 30 },
  { seconds: 20, arriving: 2 },
])('in a run of $seconds s the closed users arrive within $arriving s and stay to its end', ({ seconds, arriving }) => {
  const { closed } = closedUsers({ ...peak, seconds });
  if (closed?.executor !== 'ramping-vus') throw new Error('no users');
  expect(closed.stages).toEqual([
    { target: peak.users, duration: `${arriving}s` },
    { target: peak.users, duration: `${seconds - arriving}s` },
  ]);
});

test('openArrivals arrive at the rate, and a round over their slots takes 30 s', () => {
  const { open_lookups: lookups, open_replacements: replacements } = openArrivals(peak);
  if (lookups?.executor !== 'constant-arrival-rate' || replacements?.executor !== 'constant-arrival-rate')
    throw new Error('no arrivals');
  expect(lookups.rate + replacements.rate).toBe(peak.rate * 60);
  expect(slotsOf(peak)).toBe((replacements.rate / 60) * 30);
  expect(openArrivals({ ...peak, rate: 0 })).toEqual({});
});

test('a round over the quiet tasks takes 30 s or a whole short run, and seeded runs have none', () => {
  const { open_lookups: lookups } = openArrivals(peak);
  if (lookups?.executor !== 'constant-arrival-rate') throw new Error('no arrivals');
  expect(quietTasksOf(peak)).toBe(lookups.rate / 2 / 2);
  expect(quietTasksOf({ ...peak, seconds: 6 })).toBe(lookups.rate / 2 / 10);
  expect(quietTasksOf({ ...peak, rate: 0 })).toBe(0);
  expect(quietTasksOf({ ...peak, board: 'board.json' })).toBe(0);
});
