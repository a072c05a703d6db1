import { type Check, finding } from '../check.ts';
import { judgeTurn, type SourceTraits } from '../judge-turn.ts';
import { suspiciousTurns } from '../turn-history.ts';

/**
 * Checks how each process started. The query pre-selects every process that is not obviously correct; `judgeTurn` then
 * decides. `earlierIds` is the table of the ids that processes reported before their present ones, if the source has it.
 */
export const turnsCheck = (traits: SourceTraits, earlierIds?: string): Check => ({
  name: 'turns',
  rules: [
    'SV101',
    'SV102',
    'SV103',
    'SV104',
    'SV105',
    'SV107',
    ...(traits.neverResumesDropped === true ? (['SV407'] as const) : []),
  ],
  sql: suspiciousTurns(earlierIds),
  fewRows: true,
  read: (row) => {
    const verdict = judgeTurn(row, traits);
    if (verdict.kind === 'right') return [];
    const { rule, expected, why } = verdict;
    const actual = `${row.action === 'initial' ? 'Initial' : 'FollowUp'}, ${row.passed ?? 'nothing passed'}`;
    return [finding(rule, row, { kind: 'process', id: row.id ?? null, message: why, expected, actual })];
  },
});
