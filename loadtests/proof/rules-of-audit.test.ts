import { expect, test } from 'vitest';
import { rulesIn } from './rules-of-audit.ts';

const TOLD = `everything

⚠ SV205 generation-gap
  slot a
    generation 3 is missing
  verify-sessions explain SV205

✖ SV303 schema-guard-missing
  object sessions_one_live
    the index sessions_one_live is missing
  verify-sessions explain SV303

SV403 does not apply: an unreported id is passed only after a retry with it,
which SV103 and SV107 report
26 rules run, 6 skipped · 1 error · 1 warning · 0.3 s · FAILED (exit 2)
`;

test('rulesIn names only the rules with findings, errors first', () => {
  expect(rulesIn(TOLD)).toEqual(['SV303 schema-guard-missing', 'SV205 generation-gap']);
  expect(rulesIn('26 rules run, 6 skipped · 0 errors · OK\n')).toEqual([]);
});
