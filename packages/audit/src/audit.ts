import { examineObjects, type ObjectExaminer } from './archive/examine-objects.ts';
import { examineStore, type StoreExaminer } from './archive/examine-store.ts';
import { findUnknownObjects, type StoreLister } from './archive/find-unknown-objects.ts';
import { type Check, finding } from './check.ts';
import { compareLogs } from './compare-logs.ts';
import { compareLogDigests } from './evidence/compare-log-digests.ts';
import { compareWithSeal } from './evidence/compare-with-seal.ts';
import type { OpenedSeal } from './evidence/open-seal.ts';
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
  /** Whether a finding is accepted already: it is not reported, and does not count for `maxFindings`. */
  readonly accepts?: (finding: Finding) => boolean;
  readonly onCheck?: (check: Pick<Check, 'name'>, done: number, of: number) => void;
  /** If given, the objects of the archive are read too. */
  readonly examine?: ObjectExaminer;
  /** If given, the archive store is compared with the one recorded in the database. */
  readonly examineStore?: StoreExaminer;
  /** If given, these lines of a service log are compared with the history. */
  readonly logs?: AsyncIterable<string>;
  /** If given, and the store is compared too, the objects in the store are compared with the records. */
  readonly listStore?: StoreLister;
  /** If given, the history is compared with this seal. */
  readonly against?: OpenedSeal;
};

export type AuditSummary = {
  readonly ran: readonly RuleId[];
  /** Rules in `ran` of which one step was left out, because its option was not given. */
  readonly partly: readonly RuleId[];
  /** Rules that were not requested or do not apply to this source. */
  readonly skipped: readonly RuleId[];
  /** Requested rules that did not run to their end. A report with any of these is inconclusive. */
  readonly incomplete: readonly { readonly rules: readonly RuleId[]; readonly why: string }[];
  /** Whether more errors or warnings exist than `maxFindings` allowed. */
  readonly truncated: boolean;
  /** Rules that did not run to their end because the audit was truncated. They may have more findings. */
  readonly cutOff: readonly RuleId[];
  /** The number of infos found beyond `maxFindings`, which are not reported. */
  readonly moreInfos: number;
  /** The rules of these infos. */
  readonly infosLeftOut: readonly { readonly rule: RuleId; readonly count: number }[];
};

/** One unit of work: a check, an examination of the archive, or the comparison with a log. */
type Step = {
  readonly name: string;
  readonly rules: readonly RuleId[];
  /** Undefined if the option that the step needs was not given. */
  readonly findings: (() => AsyncIterable<Finding>) | undefined;
};

type Runnable = Step & { readonly findings: () => AsyncIterable<Finding> };

function stepsOf(source: Source, given: Given): Step[] {
  const asked = source.checks.map(
    (check): Step => ({
      ...check,
      async *findings() {
        for await (const row of source.rows(check)) yield* check.read(row);
      },
    }),
  );
  const { logs, against } = given;
  const { before, after } = archiveSteps(source, given);
  return [
    ...before,
    ...asked,
    ...evidenceSteps(source, against),
    ...after,
    { name: 'log', rules: ['SV108'], findings: logs && (() => compareLogs(source, logs)) },
  ];
}

type Given = Pick<AuditOptions, 'rules' | 'examine' | 'examineStore' | 'listStore' | 'against' | 'logs'>;

function archiveSteps(
  { archive }: Source,
  { examine, examineStore: compare, listStore: list }: Given,
): { readonly before: readonly Step[]; readonly after: readonly Step[] } {
  if (archive === undefined) return { before: [], after: [] };
  const { inventory } = archive;
  return {
    // The store comes first, because its seal is replaced from time to time and an old seal is kept for an hour only.
    before: [
      { name: 'store', rules: ['SV507'], findings: compare && (() => examineStore(archive, compare)) },
      {
        name: 'unknown objects',
        rules: ['SV510'],
        findings:
          compare && list && inventory && (() => findUnknownObjects(archive, inventory, { examine: compare, list })),
      },
    ],
    after: [
      {
        name: 'objects',
        rules: ['SV503', 'SV504', 'SV508'],
        findings: examine && (() => examineObjects(archive, examine)),
      },
    ],
  };
}

function evidenceSteps({ evidence }: Source, against: OpenedSeal | undefined): readonly Step[] {
  if (evidence === undefined) return [];
  return [
    {
      name: 'logs',
      rules: ['SV605'],
      findings: evidence.rehashes ? () => compareLogDigests(evidence.logLines()) : undefined,
    },
    {
      name: 'seal',
      rules: ['SV603', 'SV604'],
      findings: against && (() => compareWithSeal(evidence, against)),
    },
  ];
}

function runnableSteps(steps: readonly Step[], rules: ReadonlySet<RuleId>): Runnable[] {
  const isRunnable = (step: Step): step is Runnable => step.findings !== undefined;
  return steps.filter(isRunnable).filter((step) => step.rules.some((rule) => rules.has(rule)));
}

/** The requested rules that at least one step checks. */
export function rulesThatRun(source: Source, given: Given): RuleId[] {
  const checked = new Set(runnableSteps(stepsOf(source, given), given.rules).flatMap((step) => step.rules));
  return [...given.rules].filter((rule) => checked.has(rule));
}

/**
 * Runs all steps and yields their findings in the order of the steps. A failed step becomes an SV901 finding and makes
 * the audit incomplete; the other steps continue.
 */
export async function* runAudit(source: Source, options: AuditOptions): AsyncGenerator<Finding, AuditSummary> {
  const { rules, deadline, maxFindings, concerns, accepts, onCheck } = options;
  const steps = stepsOf(source, options);
  const wanted = runnableSteps(steps, rules);
  const done = new Set<Step>();
  const incomplete: { rules: RuleId[]; why: string }[] = [];
  const told = { infos: 0, others: 0 };
  const infosLeftOut = new Map<RuleId, number>();
  const work = (step: Runnable): AsyncIterable<Finding> => {
    onCheck?.(step, wanted.indexOf(step), wanted.length);
    if (deadline?.() === true) throw new Error('the time limit was reached');
    return step.findings();
  };
  const summary = (truncated: boolean): AuditSummary => ({
    ...outcomesOf({ rules, steps, wanted, done, incomplete }),
    incomplete,
    truncated,
    moreInfos: [...infosLeftOut.values()].reduce((sum, count) => sum + count, 0),
    infosLeftOut: [...infosLeftOut].map(([rule, count]) => ({ rule, count })),
  });
  for await (const heard of takeInOrder(wanted, source.lanes, work)) {
    const asked = heard.task.rules.filter((rule) => rules.has(rule));
    switch (heard.kind) {
      case 'item': {
        const one = heard.item;
        if (!rules.has(one.rule) || !concerns(one) || accepts?.(one) === true) break;
        if (one.severity === 'info') {
          // A long history has many infos and no defect, so the audit continues.
          if (told.infos === maxFindings) infosLeftOut.set(one.rule, (infosLeftOut.get(one.rule) ?? 0) + 1);
          else {
            told.infos += 1;
            yield one;
          }
          break;
        }
        if (told.others === maxFindings) return summary(true);
        told.others += 1;
        yield { ...one, ...(await source.repairOf?.(one)) };
        break;
      }
      case 'done':
        done.add(heard.task);
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
  return summary(false);
}

type Outcome = {
  readonly rules: ReadonlySet<RuleId>;
  readonly steps: readonly Step[];
  readonly wanted: readonly Step[];
  readonly done: ReadonlySet<Step>;
  readonly incomplete: AuditSummary['incomplete'];
};

/** A rule ran if all of its steps did. A rule with a failed step is incomplete, with any other unfinished one cut off. */
function outcomesOf({
  rules,
  steps,
  wanted,
  done,
  incomplete,
}: Outcome): Pick<AuditSummary, 'ran' | 'partly' | 'skipped' | 'cutOff'> {
  const rulesOf = (some: readonly Step[]): Set<RuleId> => new Set(some.flatMap((step) => step.rules));
  const begun = rulesOf(wanted);
  const unfinished = rulesOf(wanted.filter((step) => !done.has(step)));
  const leftOut = rulesOf(steps.filter((step) => step.findings === undefined));
  const failed = new Set(incomplete.flatMap((one) => one.rules));
  const asked = RULE_IDS.filter((rule) => rules.has(rule));
  const ran = asked.filter((rule) => begun.has(rule) && !unfinished.has(rule));
  const cutOff = asked.filter((rule) => unfinished.has(rule) && !failed.has(rule));
  const known = new Set([...ran, ...cutOff, ...failed]);
  return {
    ran,
    partly: ran.filter((rule) => leftOut.has(rule)),
    skipped: RULE_IDS.filter((rule) => !known.has(rule) && !rule.startsWith('SV9')),
    cutOff,
  };
}
