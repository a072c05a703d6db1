import { type Check, finding } from './check.ts';
import { compareLogDigests } from './evidence/compare-log-digests.ts';
import { compareWithSeal } from './evidence/compare-with-seal.ts';
import type { OpenedSeal } from './evidence/open-seal.ts';
import { examineObjects, type ObjectExaminer } from './examine-objects.ts';
import { examineStore, type StoreExaminer } from './examine-store.ts';
import type { Finding } from './finding.ts';
import { RULE_IDS, type RuleId } from './rules.ts';
import type { Source } from './source.ts';
import { takeInOrder } from './take-in-order.ts';

export type AuditOptions = {
  /** The rules to run. Rules that do not apply to the source are skipped. */
  readonly rules: ReadonlySet<RuleId>;
  /** Returns true once the time limit is reached; null for no limit. */
  readonly deadline: (() => boolean) | null;
  /** The largest number of errors and warnings, and separately of infos, that are reported. */
  readonly maxFindings: number;
  /** Whether a finding belongs to the requested scope. */
  readonly concerns: (finding: Finding) => boolean;
  readonly onCheck?: (check: Pick<Check, 'name'>, done: number, of: number) => void;
  /** If given, the objects of the archive are read too. */
  readonly examine?: ObjectExaminer;
  /** If given, the archive store is compared with the one recorded in the database. */
  readonly examineStore?: StoreExaminer;
  /** If given, the history is compared with this seal. */
  readonly against?: OpenedSeal;
};

export type AuditSummary = {
  readonly ran: readonly RuleId[];
  /** Rules that were not requested or do not apply to this source. */
  readonly skipped: readonly RuleId[];
  /** Requested rules that did not run to their end. A report with any of these is inconclusive. */
  readonly incomplete: readonly { readonly rules: readonly RuleId[]; readonly why: string }[];
  /** Whether more errors or warnings exist than `maxFindings` allowed. */
  readonly truncated: boolean;
  /** The number of infos found beyond `maxFindings`, which are not reported. */
  readonly moreInfos: number;
};

/** One unit of work: a check, or an examination of the archive. */
type Step = { readonly name: string; readonly rules: readonly RuleId[]; findings(): AsyncIterable<Finding> };

function stepsOf(source: Source, { examine, examineStore: compare, against }: AuditOptions): Step[] {
  const asked = source.checks.map(
    (check): Step => ({
      ...check,
      async *findings() {
        for await (const row of source.rows(check)) yield* check.read(row);
      },
    }),
  );
  // The store comes first, because its seal is replaced from time to time and an old seal is kept for an hour only.
  const store: readonly Step[] =
    compare === undefined ? [] : [{ name: 'store', rules: ['SV507'], findings: () => examineStore(source, compare) }];
  const objects: readonly Step[] =
    examine === undefined
      ? []
      : [{ name: 'objects', rules: ['SV503', 'SV504'], findings: () => examineObjects(source, examine) }];
  return [...store, ...asked, ...evidenceSteps(source, against), ...objects];
}

function evidenceSteps({ evidence }: Source, against: OpenedSeal | undefined): readonly Step[] {
  if (evidence === undefined) return [];
  const steps: Step[] = [];
  if (evidence.rehashes)
    steps.push({ name: 'logs', rules: ['SV605'], findings: () => compareLogDigests(evidence.logLines()) });
  if (against !== undefined)
    steps.push({ name: 'seal', rules: ['SV603', 'SV604'], findings: () => compareWithSeal(evidence, against) });
  return steps;
}

/**
 * Runs all steps and yields their findings in the order of the steps. A failed step becomes an SV901 finding and makes
 * the audit incomplete; the other steps continue.
 */
export async function* runAudit(source: Source, options: AuditOptions): AsyncGenerator<Finding, AuditSummary> {
  const { rules, deadline, maxFindings, concerns, onCheck } = options;
  const wanted = stepsOf(source, options).filter((step) => step.rules.some((rule) => rules.has(rule)));
  const ran = new Set<RuleId>();
  const incomplete: { rules: RuleId[]; why: string }[] = [];
  const told = { infos: 0, others: 0 };
  let moreInfos = 0;
  const work = (step: Step): AsyncIterable<Finding> => {
    onCheck?.(step, wanted.indexOf(step), wanted.length);
    if (deadline?.() === true) throw new Error('the time limit was reached');
    return step.findings();
  };
  for await (const heard of takeInOrder(wanted, source.lanes, work)) {
    const asked = heard.task.rules.filter((rule) => rules.has(rule));
    switch (heard.kind) {
      case 'item': {
        const one = heard.item;
        if (!rules.has(one.rule) || !concerns(one)) break;
        if (one.severity === 'info') {
          // A long history has many infos and no defect, so the audit continues.
          if (told.infos === maxFindings) moreInfos += 1;
          else {
            told.infos += 1;
            yield one;
          }
          break;
        }
        if (told.others === maxFindings)
          return { ran: [...ran], skipped: skippedOf(ran, incomplete), incomplete, truncated: true, moreInfos };
        told.others += 1;
        yield one;
        break;
      }
      case 'done':
        for (const rule of asked) ran.add(rule);
        break;
      case 'failed': {
        const why = heard.error instanceof Error ? heard.error.message : String(heard.error);
        incomplete.push({ rules: asked, why });
        const message = `${asked.join(', ')} did not run: ${why}`;
        yield finding('SV901', {}, { kind: 'object', id: heard.task.name, message });
        break;
      }
    }
  }
  const failed = new Set(incomplete.flatMap((one) => one.rules));
  for (const rule of failed) ran.delete(rule);
  return { ran: [...ran].toSorted(), skipped: skippedOf(ran, incomplete), incomplete, truncated: false, moreInfos };
}

const skippedOf = (ran: ReadonlySet<RuleId>, incomplete: AuditSummary['incomplete']): RuleId[] => {
  const failed = new Set(incomplete.flatMap(({ rules }) => rules));
  return RULE_IDS.filter((rule) => !ran.has(rule) && !failed.has(rule) && !rule.startsWith('SV9'));
};
