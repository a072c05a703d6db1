import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/lock-strategies.json' with { type: 'json' };
import { type Row, readSection } from '../../core/test/row.ts';
import { chooseStrategy } from './choose-strategy.ts';
import { LOCK_STRATEGIES } from './slot-lock.ts';

const readFlags = (row: Row) => ({
  because: row.text('because'),
  flags: {
    pessimistic_locking_enabled: row.flag('pessimistic_locking_enabled'),
    locking_strategy: row.textOrNull('locking_strategy') ?? undefined,
  },
  strategy: row.oneOf('expect', LOCK_STRATEGIES),
});

const named = readSection(vectors, 'valid', readFlags);
const unknown = readSection(vectors, 'invalid', readFlags);

describe('chooseStrategy', () => {
  test.each(named)('$because', ({ flags, strategy }) => expect(chooseStrategy(flags)).toBe(strategy));

  test('the vectors contain every strategy with pessimistic_locking_enabled on and off', () => {
    const names = [...LOCK_STRATEGIES, undefined];
    const pairs = names.flatMap((name) => [`${name} on`, `${name} off`]);
    const inTable = named.map(
      ({ flags }) => `${flags.locking_strategy} ${flags.pessimistic_locking_enabled ? 'on' : 'off'}`,
    );
    expect(inTable.toSorted()).toEqual(pairs.toSorted());
  });
});

describe('chooseStrategy ignores an unknown strategy name', () => {
  test.each(unknown)('$because', ({ flags, strategy }) => {
    expect(chooseStrategy(flags)).toBe(strategy);
    expect(chooseStrategy({ ...flags, locking_strategy: undefined })).toBe(strategy);
  });
});
