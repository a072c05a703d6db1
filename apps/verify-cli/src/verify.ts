import {
  type AuditOptions,
  type AuditRecord,
  type AuditSummary,
  type Finding,
  finding,
  type OpenedSeal,
  type RuleId,
  rulesThatRun,
  runAudit,
  type Source,
  type WhatWasRead,
} from '@phaselock/audit';
import type { Baseline } from './baseline.ts';
import { exitCodeOf } from './exit-code.ts';
import { UsageError, type Verify } from './read-arguments.ts';
import type { Reporter } from './report.ts';
import { settleBaseline } from './settle-baseline.ts';
import { timelineOf } from './timeline.ts';
import { isNothing } from './what-was-read.ts';

/** The rule for histories that can be neither confirmed nor rejected. */
const UNDECIDABLE = 'SV107';

type Counting = Record<Finding['severity'], number>;

/** Result of a complete audit, as `--record` stores it. */
export type Audited = Omit<AuditRecord, 'release'>;

type Verifying = {
  readonly source: Source;
  readonly command: Verify;
  readonly release: string;
  readonly reporter: Reporter;
  /** Shows which check runs. */
  readonly progress: (text: string) => void;
  /** Examines the archive store and its objects; undefined without `--deep`. */
  readonly archive: Required<Pick<AuditOptions, 'examine' | 'examineStore' | 'listStore'>> | undefined;
  /** The seal to compare with; undefined without `--against`. */
  readonly against: OpenedSeal | undefined;
  /** The lines of the file of `--logs`. */
  readonly logs: AsyncIterable<string> | undefined;
  readonly baseline: Baseline | undefined;
  readonly record: ((audited: Audited) => Promise<void>) | undefined;
  /** Aborted when the command is told to end. */
  readonly ended: AbortSignal;
};

/** Runs the audit, writes the report and returns the exit code. */
export async function verify(verifying: Verifying): Promise<number> {
  const { source, command, reporter, baseline, record } = verifying;
  const since = performance.now();
  const whyNot = demandRules(verifying);
  const attempt = source.attemptId;
  const rows = attempt === undefined ? undefined : await source.timeline(attempt);
  await reporter.open({
    release: verifying.release,
    source: source.description,
    notes: [
      ...source.notes,
      ...(command.logs !== undefined && !command.rules.has('SV108') ? ['--logs is not read: SV108 is left out.'] : []),
    ],
    asked: askedIn(command),
    timeline: rows === undefined ? undefined : timelineOf(rows, source.traits),
  });

  const counted: Counting = { info: 0, warning: 0, error: 0 };
  let undecidable = 0;
  const tell = async (one: Finding): Promise<void> => {
    counted[one.severity] += 1;
    if (one.rule === UNDECIDABLE) undecidable += 1;
    await reporter.finding(one);
  };
  const sessions = rows === undefined ? undefined : new Set(rows.map((row) => row.session_id ?? null));
  const concerns = (one: Finding): boolean => attempt === undefined || isOf(one, attempt, sessions);
  const baselined = { count: 0 };

  const reading = countRead(source, command);
  const audited = await drain(auditIn(verifying, { since, concerns, baselined }), tell);
  const { read, unread } = await reading;
  if (unread !== undefined) await tell(finding('SV901', {}, { kind: 'object', id: 'history', message: unread }));
  const summary = unread === undefined ? audited : withUnread(audited, unread);

  const complete = summary.incomplete.length === 0;
  const settled = baseline && (await settleBaseline(baseline, command, summary));
  if (command.rules.has('SV902')) for (const one of settled?.findings ?? []) await tell(one);
  // An incomplete or truncated audit is not recorded, because its counts do not describe the whole scope.
  if (record !== undefined && read !== undefined && complete && !summary.truncated) {
    const found = { errors: counted.error, warnings: counted.warning - undecidable, undecidable };
    // Audits with --since and --since-seal share a scope, and the metrics of the last incremental audit.
    const scope = command.wanted.kind === 'since-seal' ? 'since' : command.wanted.kind;
    await record({ scope, sessions: read.sessions, ...found });
  }
  const { failOn } = command;
  const leftOut = summary.truncated || (failOn === 'info' && summary.moreInfos > 0);
  const exitCode = exitCodeOf(counted, { failOn, complete, leftOut });
  await reporter.close({
    summary,
    read,
    counted,
    failOn,
    baselined: baselined.count,
    notes: settled?.notes ?? [],
    notApplicable: [...whyNot]
      .map(([rule, why]) => ({ rule, why }))
      .filter(({ rule }) => command.rules.has(rule) && summary.skipped.includes(rule)),
    counts: command.report ? await source.count() : undefined,
    tookMs: performance.now() - since,
    exitCode,
  });
  return exitCode;
}

/**
 * The rules that do not apply, each with its reason. Throws if no requested rule applies, because an audit that checks
 * nothing must not pass.
 */
function demandRules(verifying: Verifying): ReadonlyMap<RuleId, string> {
  const { source, command } = verifying;
  const whyNot = new Map(source.notApplicable);
  if (command.logs === undefined) whyNot.set('SV108', 'the log of the service is compared only with --logs');
  if (rulesThatRun(source, givenTo(verifying)).length > 0) return whyNot;
  const reasons = [...command.rules].flatMap((rule) => {
    const why = whyNot.get(rule);
    return why === undefined || rule.startsWith('SV9') ? [] : [`${rule}: ${why}`];
  });
  throw new UsageError(`no requested rule applies, so nothing would be checked (${reasons.join('; ')})`);
}

/** The rules, and what they compare the history with. One place, so that a rule that is said to run does run. */
const givenTo = ({ command, archive, logs, against }: Verifying): Parameters<typeof rulesThatRun>[1] => ({
  rules: command.rules,
  ...archive,
  ...(logs && { logs }),
  ...(against && { against }),
});

type Sifting = {
  readonly since: number;
  readonly concerns: (one: Finding) => boolean;
  readonly baselined: { count: number };
};

function auditIn(verifying: Verifying, { since, concerns, baselined }: Sifting): AsyncGenerator<Finding, AuditSummary> {
  const { source, command, progress, baseline, ended } = verifying;
  const { maxDurationMs } = command;
  return runAudit(source, {
    ...givenTo(verifying),
    deadline: () => ended.aborted || (maxDurationMs !== undefined && performance.now() - since > maxDurationMs),
    maxFindings: command.maxFindings,
    concerns,
    accepts: (one) => {
      const accepted = baseline?.accepts(one) === true;
      if (accepted) baselined.count += 1;
      return accepted;
    },
    onCheck: (check, done, of) => progress(`${done + 1}/${of} ${check.name}`),
  });
}

/**
 * What the audit read, and why that is not enough. Nothing new since a seal is expected when the audit runs every
 * minute. Never rejects, because it is awaited only after the audit.
 */
async function countRead(
  source: Source,
  { allowEmpty, wanted }: Verify,
): Promise<{ readonly read?: WhatWasRead; readonly unread?: string }> {
  try {
    const read = await source.countRead();
    if (allowEmpty || wanted.kind === 'since-seal' || !isNothing(read)) return { read };
    return { read, unread: 'nothing was read, so nothing is proven; if that is expected, give --allow-empty' };
  } catch (error) {
    return { unread: `what was read could not be counted: ${error instanceof Error ? error.message : String(error)}` };
  }
}

const withUnread = (audited: AuditSummary, why: string): AuditSummary => ({
  ...audited,
  incomplete: [...audited.incomplete, { rules: ['SV901'], why }],
});

async function drain(
  audit: AsyncGenerator<Finding, AuditSummary>,
  tell: (finding: Finding) => Promise<void>,
): Promise<AuditSummary> {
  for (;;) {
    const next = await audit.next();
    if (next.done === true) return next.value;
    await tell(next.value);
  }
}

/**
 * Whether a finding concerns the attempt: by its attempt id, else by its session id, else if its subject is a slot,
 * task or object.
 */
const isOf = (
  { attemptId, sessionId, subject }: Finding,
  attempt: string,
  sessions: ReadonlySet<string | null> | undefined,
): boolean => {
  if (attemptId !== null) return attemptId === attempt;
  if (sessionId !== null) return sessions?.has(sessionId) === true;
  return subject.kind === 'slot' || subject.kind === 'object' || subject.kind === 'task';
};

function askedIn({ wanted }: Verify): string {
  switch (wanted.kind) {
    case 'all':
      return 'everything';
    case 'since':
      return `tasks changed since ${wanted.since.toISOString()}`;
    case 'since-seal':
      return `tasks with events since the seal of ${wanted.seal.created}`;
    case 'sample':
      return `${wanted.share * 100} % of the tasks`;
    case 'task':
      return `task ${wanted.given}`;
    case 'attempt':
      return `attempt ${wanted.given}`;
  }
}
