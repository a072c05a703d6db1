import { describe, expect, test } from 'vitest';
import type { Entry } from '../../chaos/history/operation.ts';
import { createScript, rulesOf, verdictOf } from '../../chaos/testing/planted.ts';
import { checkStaleCalls } from './stale-calls.ts';

const verdict = (entries: readonly Entry[]) => verdictOf(checkStaleCalls(), entries);
const rules = (entries: readonly Entry[]) => rulesOf(verdict(entries));
const replaces = {
  told: { outcome: 'replaced', session: 't', generation: 2, predecessor: { session: 's', generation: 1 } },
};
const turn = { session: 's', generation: 1, key: 'k' };

describe('a turn of a session that was replaced', () => {
  test('is reported if it was accepted', () => {
    const op = createScript();
    expect(rules([op('start', 0, replaces), op('turn', 20, turn)])).toEqual(['stale-turn-accepted']);
  });

  test('is counted if it was refused', () => {
    const op = createScript();
    const refused = op('turn', 20, { ...turn, outcome: 'refused', code: 'stale_generation' });
    expect(verdict([op('start', 0, replaces), refused]).compared['turns of an older generation']).toBe(1);
  });

  test('may succeed if an earlier attempt under its key had no response', () => {
    const op = createScript();
    const lost = op('turn', -50, { ...turn, outcome: 'unknown', until: -20 });
    expect(rules([lost, op('start', 0, replaces), op('turn', 20, turn)])).toEqual([]);
  });

  test('is reported even if an earlier attempt was refused for another reason', () => {
    const op = createScript();
    const busy = op('turn', -50, { ...turn, outcome: 'refused', code: 'session_being_modified' });
    expect(rules([busy, op('start', 0, replaces), op('turn', 20, turn)])).toEqual(['stale-turn-accepted']);
  });
});
