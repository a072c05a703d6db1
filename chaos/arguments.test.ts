import { describe, expect, test } from 'vitest';
import { readArguments, UsageError } from './arguments.ts';

describe('readArguments', () => {
  test('ignores the -- separator that pnpm passes on', () => {
    expect(readArguments(['--', '--minutes', '30', '--seed', '7'])).toMatchObject({
      minutes: 30,
      seed: 7,
      clients: 24,
    });
  });

  test('reads --faults as all, none, or part of a name', () => {
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
  ])('rejects %s %s', (name, value) => {
    expect(() => readArguments([name, value])).toThrow(UsageError);
  });
});
