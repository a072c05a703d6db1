import type { Campaign } from './campaign.ts';
import { allCheckers, type CheckedRule, checkHistory } from './check-history.ts';
import { createFindings, type Finding } from './checkers/checker.ts';
import { createOperationCounter, type OperationCounts, type Window } from './history/count-operations.ts';
import { readHistory } from './history/read-history.ts';

export type Judgement = {
  readonly campaign: Campaign;
  readonly counts: OperationCounts;
  readonly rules: readonly CheckedRule[];
  readonly findings: readonly Finding[];
  readonly tolerated: readonly Finding[];
};

export type JudgeOptions = { readonly tolerate: readonly string[]; readonly slowestMs: number };

/** The documented deadline of an operation, plus a margin for a busy machine. */
const LATE_MS = 5_000 + 500;

/** Checks the history against the contract, and the campaign itself: a rule that compared nothing is a finding. */
export async function judgeCampaign(campaign: Campaign, { tolerate, slowestMs }: JudgeOptions): Promise<Judgement> {
  const { options } = campaign;
  const counter = createOperationCounter(LATE_MS, excusesOf(campaign));
  const counted = async function* () {
    for await (const entry of readHistory(options.folder)) {
      counter.take(entry);
      yield entry;
    }
  };
  const rules = await checkHistory(counted(), campaign, allCheckers(options.leaseMs));
  const counts = counter.counts();
  const all = [...rules.flatMap(({ findings }) => findings), ...findingsOfRun(campaign, rules, counts, slowestMs)];
  const isTolerated = ({ rule }: Finding) => tolerate.includes(rule);
  return {
    campaign,
    counts,
    rules,
    findings: all.filter((finding) => !isTolerated(finding)),
    tolerated: all.filter(isTolerated),
  };
}

/** Time windows in which a fault slows responses, so that late responses do not count against the service. */
function excusesOf({ faults }: Campaign): Window[] {
  return faults.struck
    .filter(({ slowsAnswers }) => slowsAnswers)
    .map(({ at, lastedMs, recoveredMs }) => ({ from: at, to: at + lastedMs + (recoveredMs ?? 0) }));
}

function findingsOfRun(
  { faults, crashes, unsettled, audit }: Campaign,
  rules: readonly CheckedRule[],
  { late }: OperationCounts,
  slowestMs: number,
): readonly Finding[] {
  const findings = createFindings();
  for (const { checker, compared } of rules)
    for (const [what, count] of Object.entries(compared))
      if (count === 0) findings.add('nothing-compared', `${checker}: 0 ${what} compared, so the rule was not tested`);
  for (const what of crashes) findings.add('crash', what);
  for (const what of faults.failed) findings.add('fault-failed', what);
  for (const what of unsettled) findings.add('stream-behind', what);
  for (const { name, recoveredMs } of faults.struck)
    if (recoveredMs === undefined) findings.add('not-recovered', `after "${name}" no write was acknowledged in time`);
  for (const { n, kind, tookMs, excused } of late)
    if (!excused && tookMs > slowestMs)
      findings.add('slow-answer', `${kind} was answered after ${Math.round(tookMs)} ms`, n);
  if (audit.exitCode !== 0)
    findings.add('audit', `verify-sessions --all ended with ${audit.exitCode}: ${audit.summary}`);
  return findings.all();
}
