import { judgeTurn, modelChangeBetween, type Row, type SourceTraits } from '@phaselock/audit';

/**
 * One process in the timeline. `passed` is the conversation id that the agent was given to resume. `expected` is the
 * correct start as `judgeTurn` states it: an id, or a text such as `Initial, nothing passed`.
 */
export type ShownTurn = {
  readonly number: string;
  readonly at: string;
  readonly slot: string;
  readonly model: string;
  readonly action: string;
  readonly passed: string | null;
  readonly expected: string;
  /** Compared with the previous process in the same slot. */
  readonly change: 'first' | 'same' | 'minor' | 'changed' | 'unknown';
  readonly verdict: string;
  readonly right: boolean;
  readonly processId: string;
  readonly session: string;
};

/** Lists each process of an attempt: how it was started, how it should have been (`judgeTurn`), and the rule broken. */
export function timelineOf(rows: readonly Row[], traits: SourceTraits): ShownTurn[] {
  const before = new Map<string, Row>();
  return rows.map((row) => {
    const slot = row.slot ?? row.thread ?? '';
    const previous = before.get(slot);
    before.set(slot, row);
    const verdict = judgeTurn(row, traits);
    return {
      number: row.nth ?? '',
      at: row.started_at ?? '',
      slot: row.slot ?? '',
      model: row.model ?? row.variant ?? `${row.agent ?? 'unknown'}'s default`,
      action: row.action === 'initial' ? 'Initial' : row.action === null ? 'unreadable' : 'FollowUp',
      passed: row.passed ?? null,
      expected: verdict.expected,
      change: previous === undefined ? 'first' : modelChangeBetween(previous, row, traits),
      verdict: verdict.kind === 'right' ? 'ok' : verdict.rule,
      right: verdict.kind === 'right',
      processId: row.id ?? '',
      session: row.thread ?? '',
    };
  });
}
