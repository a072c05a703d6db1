import { type Check, finding } from '../check.ts';
import { judgeTurn, type SourceTraits } from '../judge-turn.ts';
import { SUSPICIOUS_TURNS } from '../turn-history.ts';

/** How each process began. One scan finds what is not plainly right; whether it is wrong is judged here, by the rules that decided it. */
export const turnsCheck = (traits: SourceTraits): Check => ({
  name: 'turns',
  rules: ['SV101', 'SV102', 'SV103', 'SV104', 'SV105', 'SV107'],
  sql: SUSPICIOUS_TURNS,
  fewRows: true,
  read: (row) => {
    const verdict = judgeTurn(row, traits);
    if (verdict.kind === 'right') return [];
    const { rule, expected, why } = verdict;
    const actual = `${row.action === 'initial' ? 'Initial' : 'FollowUp'}, ${row.passed ?? 'nothing passed'}`;
    return [finding(rule, row, { kind: 'process', id: row.id ?? null, message: why, expected, actual })];
  },
});
