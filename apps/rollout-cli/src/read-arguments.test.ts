import { describe, expect, test } from 'vitest';
import { readArguments, UsageError } from './read-arguments.ts';
import { USAGE } from './usage.ts';

describe('arguments', () => {
  test.each([
    [['nonsense'], 'there is no command nonsense'],
    [['promote', '--instances', '2'], '--instances is not expected with promote'],
    [['status', '--why', 'x'], '--why is not expected with status'],
    [['start', '--instances', 'many'], '--instances is a whole number from 1'],
    [['start', '--instances', '0'], '--instances is a whole number from 1'],
    [['kill'], 'a kill needs a reason: --why <text>'],
    [['kill', '--why', ' '], 'a kill needs a reason: --why <text>'],
    [['kill', '--why', 'x', '--api', 'ftp://x'], '--api is the http address'],
    [['abort'], 'an abort needs a reason: --why <text>'],
    [['promote', '--force'], 'overriding the verdict needs a reason: --why <text>'],
    [['status', 'x'], 'x is not expected after status'],
    [['status', '--flag', 'x y'], '--flag is the name of a flag'],
    [['start', '--announce', ' '], 'an announcement is a text'],
    [['start', '--announce', 'x'.repeat(1_001)], 'an announcement is a text'],
    [['kill', '--why', 'x'.repeat(1_001)], '--why is a text of at most 1000 characters'],
    [['pause', '--why', 'x'.repeat(1_001)], '--why is a text of at most 1000 characters'],
    [['announce', 'x'.repeat(1_001)], 'an announcement is a text'],
    [['status', '--record', 'x'], '--record needs --judge'],
    [['status', '--judge', '--record', ''], '--record is a file'],
    [['status', '--by', ''], '--by is a name'],
    [['watch', '--every', 'soon'], '--every is a time such as'],
    [['simulate'], 'simulate needs a file'],
    [['announce', 'x', '--withdraw', '1'], 'exclude each other'],
    [['status', '--color', 'green'], '--color is one of auto, always, never'],
    [['status', '--colour'], '--colour'],
  ])('%j are refused: %s', (argv, told) => {
    expect(() => readArguments(argv)).toThrow(UsageError);
    expect(() => readArguments(argv)).toThrow(told);
  });

  test('are read after the -- of pnpm, with the default flag', () => {
    expect(readArguments(['--', 'watch', '--act', '--every', '5m'])).toMatchObject({
      kind: 'watch',
      act: true,
      everyMs: 300_000,
      flag: 'single_session_guard',
    });
  });

  test('show the help if there are none, with lines of at most 100 characters', () => {
    expect(readArguments([])).toEqual({ kind: 'help' });
    expect(USAGE.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });
});
