import { expect, test } from 'vitest';
import { tookWhatIsStale } from './took-what-is-stale.ts';

test('a turn of a replaced session, and an answer that replaces one, took what is stale', () => {
  expect(tookWhatIsStale({ name: 'stale-turn', outcome: 'ok', told: { process: 'p' } })).toBe(true);
  expect(tookWhatIsStale({ name: 'stale-replace', outcome: 'ok', told: { outcome: 'replaced' } })).toBe(true);
});

test('what was refused, found a session or made one in an empty slot did not', () => {
  expect(tookWhatIsStale({ name: 'stale-turn', outcome: 'refused' })).toBe(false);
  expect(tookWhatIsStale({ name: 'stale-replace', outcome: 'unknown' })).toBe(false);
  expect(tookWhatIsStale({ name: 'stale-replace', outcome: 'ok', told: { outcome: 'existing' } })).toBe(false);
  expect(tookWhatIsStale({ name: 'stale-replace', outcome: 'ok', told: { outcome: 'created' } })).toBe(false);
  expect(tookWhatIsStale({ name: 'replace', outcome: 'ok', told: { outcome: 'replaced' } })).toBe(false);
});
