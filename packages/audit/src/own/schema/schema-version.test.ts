import { expect, test } from 'vitest';
import { otherVersion } from './schema-version.ts';

const KNOWN = { version: 22, name: 'kills_seen' };

test.each([
  [KNOWN, undefined],
  [{ version: 22, name: 'renamed' }, undefined],
  [
    { version: 9, name: 'keep' },
    'this database is at 0009 (keep); this auditor knows 0022 (kills_seen): run the migrations, or audit it with the release that it belongs to',
  ],
  [
    { version: 9001, name: 'later' },
    'this database is at 9001 (later); this auditor knows 0022 (kills_seen): audit it with the release that it belongs to',
  ],
  [
    undefined,
    'this database records no migration in phaselock_migrations, so its version is unknown; this auditor knows 0022 (kills_seen)',
  ],
])('a database whose newest migration is %j is told apart', (newest, why) => {
  expect(otherVersion(newest, KNOWN)).toBe(why);
});
