import { expect, test } from 'vitest';
import { callersSettings, thinkSecondsIn } from './callers-settings.ts';
import { UsageError } from './read-arguments.ts';

test('k6 gets no load, k6 or product setting from the environment except LOAD_THINK_S', () => {
  const env = {
    LOAD_RATE: '5',
    K6_VUS: '9',
    PHASELOCK_URLS: 'x',
    PATH: '/bin',
    LOAD_TESTED_BY: 'h',
    LOAD_THINK_S: '1',
  };
  expect(callersSettings(env)).toEqual({ PATH: '/bin', LOAD_TESTED_BY: 'h', LOAD_THINK_S: '1' });
});

test('LOAD_THINK_S must be a number of seconds', () => {
  expect(thinkSecondsIn({})).toBeNull();
  expect(thinkSecondsIn({ LOAD_THINK_S: '' })).toBeNull();
  expect(thinkSecondsIn({ LOAD_THINK_S: '0.5' })).toBe(0.5);
  for (const said of ['-1', 'long']) expect(() => thinkSecondsIn({ LOAD_THINK_S: said })).toThrow(UsageError);
});
