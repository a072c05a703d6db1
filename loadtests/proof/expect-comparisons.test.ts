import { expect, test } from 'vitest';
import type { CheckedRule } from '../../chaos/check-history.ts';
import { createCalls } from '../testing/made-up-run.ts';
import { createAcknowledged, unshown } from './expect-comparisons.ts';
import { NOTHING_STALE } from './promises.ts';

const RECEIVED: CheckedRule = { checker: 'streams', compared: { 'changes received': 1 }, findings: [] };
const UNHELD = `nothing-compared: nothing was compared for "${NOTHING_STALE}"`;

function findingsAboutStale(scenario: string, done: { readonly stale: boolean }): string[] {
  const call = createCalls();
  const acknowledged = createAcknowledged();
  acknowledged.note(call('replace', 'start', 0, { told: { outcome: 'replaced' } }));
  if (done.stale) acknowledged.note(call('stale-turn', 'turn', 1, { outcome: 'refused' }));
  const promises = [{ promise: NOTHING_STALE, compared: 0, findings: 0 }];
  const found = unshown({ scenario, acknowledged, rules: [RECEIVED], promises });
  return found.filter((line) => line.includes('was compared for'));
}

test('scenarios that replace sessions must compare stale calls', () => {
  expect(findingsAboutStale('users-100', { stale: false })).toEqual([UNHELD]);
});

test('runners need no stale calls, but a stale call that was not compared is reported', () => {
  expect(findingsAboutStale('runners', { stale: false })).toEqual([]);
  expect(findingsAboutStale('runners', { stale: true })).toEqual([UNHELD]);
});
