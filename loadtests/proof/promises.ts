import type { CheckedRule } from '../../chaos/check-history.ts';

export type KeptPromise = {
  readonly promise: string;
  /** Number of comparisons made for this guarantee; 0 means that it was not tested. */
  readonly compared: number;
  readonly findings: number;
};

type Promised = {
  readonly promise: string;
  readonly comparisons: readonly (readonly [checker: string, what: string])[];
  readonly rules: ReadonlySet<string>;
};

export const NOTHING_STALE = 'no stale generation was accepted';

/** The guarantees a load run must prove, with the comparisons that test each and the rules that report a violation. */
const PROMISED: readonly Promised[] = [
  {
    promise: 'nothing acknowledged is lost',
    comparisons: [
      ['sessions', 'sessions acknowledged'],
      ['sessions', 'processes acknowledged'],
      ['sessions', 'replacements acknowledged'],
      ['sessions', 'deletions acknowledged'],
      ['processes', 'endings'],
      ['processes', 'usages'],
      ['processes', 'conversation ids'],
      ['contents', 'log lines'],
      ['contents', 'feedback'],
      ['contents', 'projects, tasks, attempts'],
    ],
    rules: new Set([
      'session-lost',
      'session-changed',
      'process-lost',
      'process-changed',
      'process-unknown',
      'replace-lost',
      'delete-lost',
      'ending-lost',
      'usage-lost',
      'id-lost',
      'log-line-lost',
      'feedback-lost',
      'made-lost',
      'unreadable',
      'change-lost',
      'change-missing',
    ]),
  },
  {
    promise: 'no slot ever had two live sessions',
    comparisons: [
      ['lives in slots', 'lives of sessions'],
      ['leases', 'lease intervals'],
      ['generations', 'sessions that were made'],
    ],
    rules: new Set(['two-live-sessions', 'two-holders', 'generation-twice', 'replaced-twice', 'no-order']),
  },
  {
    promise: NOTHING_STALE,
    comparisons: [
      ['stale generations', 'turns of an older generation'],
      ['stale generations', 'confirmations of an older generation'],
      ['fences', 'writes of sessions that left their slot'],
    ],
    rules: new Set([
      'stale-turn-accepted',
      'stale-replace-accepted',
      'stale-write',
      'stale-process',
      'replaced-another',
      'lease-after-stop',
      'write-after-end',
    ]),
  },
];

export const keptPromises = (rules: readonly CheckedRule[]): KeptPromise[] =>
  PROMISED.map(({ promise, comparisons, rules: breaking }) => ({
    promise,
    compared: comparisons.reduce((sum, [name, what]) => sum + comparedBy(rules, name, what), 0),
    findings: rules.flatMap(({ findings }) => findings).filter(({ rule }) => breaking.has(rule)).length,
  }));

export const comparedBy = (rules: readonly CheckedRule[], checker: string, what: string): number =>
  rules.find((one) => one.checker === checker)?.compared[what] ?? 0;
