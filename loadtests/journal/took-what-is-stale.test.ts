import { expect, test } from 'vitest';
import { tookWhatIsStale } from './took-what-is-stale.ts';

test('an accepted stale turn or a done stale replacement counts as stale', () => {
  expect(tookWhatIsStale({ name: 'stale-turn', outcome: 'ok', told: { process: 'p' } })).toBe(true);
  expect(tookWhatIsStale({ name: 'stale-replace', outcome: 'ok', told: { outcome: 'replaced' } })).toBe(true);
});

test('a refused, found or created session does not count as stale', () => {
  expect(tookWhatIsStale({ name: 'stale-turn', outcome: 'refused' })).toBe(false);
  expect(tookWhatIsStale({ name: 'stale-replace', outcome: 'unknown' })).toBe(false);
  expect(tookWhatIsStale({ name: 'stale-replace', outcome: 'ok', told: { outcome: 'existing' } })).toBe(false);
  expect(tookWhatIsStale({ name: 'stale-replace', outcome: 'ok', told: { outcome: 'created' } })).toBe(false);
  expect(tookWhatIsStale({ name: 'replace', outcome: 'ok', told: { outcome: 'replaced' } })).toBe(false);
});
