import { describe, expect, test } from 'vitest';
import { readArguments, UsageError } from './arguments.ts';

describe('the arguments of a campaign', () => {
  test('a separator that pnpm hands on is passed over', () => {
    expect(readArguments(['--', '--minutes', '30', '--seed', '7'])).toMatchObject({
      minutes: 30,
      seed: 7,
      clients: 24,
    });
  });

  test('faults are all, none, or those with a name', () => {
    expect(readArguments(['--faults', 'none']).faults).toBe('none');
    expect(readArguments(['--faults', 'Redis']).faults).toEqual({ named: 'Redis' });
    expect(readArguments(['--without', 'disk,Redis']).without).toEqual(['disk', 'Redis']);
  });

  test.each([
    ['--minutes', '0'],
    ['--minutes', 'x'],
    ['--clients', '1.5'],
    ['--seed', '-1'],
    ['--database', 'nobody'],
    ['--unknown', 'x'],
  ])('%s %s is refused', (name, value) => {
    expect(() => readArguments([name, value])).toThrow(UsageError);
  });
});
