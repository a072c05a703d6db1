import type { AuditOptions } from '../../src/audit.ts';
import { auditOwnDatabase } from '../../src/audit-own-database.ts';
import type { OpenedSeal } from '../../src/evidence/open-seal.ts';
import type { Finding } from '../../src/finding.ts';
import { lastCalls, type RandomHistory } from './random-history.ts';

const CALLS_SHOWN = 60;

/** A sample of 100 % covers everything, but uses no sieves. */
const WITHOUT_SIEVES = { kind: 'sample', share: 1 } as const;

type Given = NonNullable<Parameters<typeof auditOwnDatabase>[1]>;
type Archive = Required<Pick<AuditOptions, 'examine' | 'examineStore' | 'listStore'>>;

export type Known = {
  readonly archive: Archive;
  /** Every line of the service log. */
  readonly logged: readonly string[];
  /** A seal of the history when it was shorter. */
  readonly seal: OpenedSeal | undefined;
};

/**
 * Audits the database in every way, until one finds what a correct history must not have. Returns these findings, with
 * the calls that led to them.
 */
export async function judgeHistory(history: RandomHistory, known: Known): Promise<readonly string[]> {
  const { archive, logged, seal } = known;
  const whole = { ...archive, logs: eachOf(logged), chain: true, ...(seal !== undefined && { against: seal }) };
  const wanted: readonly Given[] = [
    whole,
    {},
    { wanted: WITHOUT_SIEVES },
    { wanted: { kind: 'since', since: new Date(Date.now() - 3_000) } },
    ...(seal === undefined ? [] : [{ wanted: { kind: 'since-seal', seal: seal.seal } } as const]),
    ...history.board.cards
      .slice(-3)
      .flatMap(({ taskId, attempts: [attempt = ''] }): Given[] => [
        { wanted: { kind: 'task', given: taskId } },
        { wanted: { kind: 'attempt', given: attempt } },
      ]),
  ];
  for (const given of wanted) {
    const faults = await faultsIn(history, given);
    if (faults.length > 0) return faults;
  }
  return [];
}

/** As `judgeHistory`, while the clients go on. */
export const judgeMeanwhile = (history: RandomHistory, archive: Archive): Promise<readonly string[]> =>
  faultsIn(history, { ...archive, chain: true });

async function faultsIn(history: RandomHistory, given: Given): Promise<readonly string[]> {
  const { findings, summary } = await auditOwnDatabase(history.databaseUrl, given);
  const how = JSON.stringify(given.wanted ?? (given.chain === true ? 'with every hash' : 'all'));
  return [
    ...summary.incomplete.map((one) => JSON.stringify(one)),
    ...findings.filter(({ severity }) => severity !== 'info').map((found) => `${how}, ${described(history, found)}`),
  ];
}

const described = (history: RandomHistory, found: Finding): string =>
  [
    `seed ${history.seed}: ${found.rule} ${found.severity}`,
    `${found.subject.kind} ${found.subject.id} of session ${found.sessionId}`,
    `${found.message} (expected ${found.expected}, actual ${found.actual})`,
    ...lastCalls(history, found.taskId, CALLS_SHOWN),
  ].join('\n  ');

async function* eachOf(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}
