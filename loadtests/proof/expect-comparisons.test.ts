import { expect, test } from 'vitest';
import type { CheckedRule } from '../../chaos/check-history.ts';
import { createCalls } from '../testing/made-up-run.ts';
import { createAcknowledged, unshown } from './expect-comparisons.ts';
import { NOTHING_STALE } from './promises.ts';

const RECEIVED: CheckedRule = { checker: 'streams', compared: { 'changes received': 1 }, findings: [] };
const UNHELD = `nothing-compared: "${NOTHING_STALE}" was held against nothing`;

function findingsAboutStale(scenario: string, done: { readonly stale: boolean }): string[] {
  const call = createCalls();
  const acknowledged = createAcknowledged();
  acknowledged.note(call('replace', 'start', 0, { told: { outcome: 'replaced' } }));
  if (done.stale) acknowledged.note(call('stale-turn', 'turn', 1, { outcome: 'refused' }));
  const promises = [{ promise: NOTHING_STALE, compared: 0, findings: 0 }];
  const found = unshown({ scenario, acknowledged, rules: [RECEIVED], promises });
  return found.filter((line) => line.includes('held against'));
}

test('users who replace sessions have to show that nothing stale was accepted', () => {
  expect(findingsAboutStale('users-100', { stale: false })).toEqual([UNHELD]);
});

test('runners ask for nothing stale, so that none is expected of them; a stale call that was compared with nothing is found', () => {
  expect(findingsAboutStale('runners', { stale: false })).toEqual([]);
  expect(findingsAboutStale('runners', { stale: true })).toEqual([UNHELD]);
});
