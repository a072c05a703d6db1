import { open } from 'node:fs/promises';
import {
  type AuditRecord,
  type AuditSummary,
  compareLogs,
  type Finding,
  fingerprintOf,
  type ObjectExaminer,
  type OpenedSeal,
  RULES,
  runAudit,
  type Source,
  type StoreExaminer,
} from '@phaselock/audit';
import { type Baseline, openBaseline } from './baseline.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { UsageError, type Verify } from './read-arguments.ts';
import type { Reporter } from './report.ts';
import { timelineOf } from './timeline.ts';

/** The rule for histories that can be neither confirmed nor rejected. */
const UNDECIDABLE = 'SV107';

type Counting = Record<Finding['severity'], number>;

type Progress = (text: string) => void;

/** Result of a complete audit, as `--record` stores it. */
export type Audited = Omit<AuditRecord, 'release'>;

type Verifying = {
  readonly source: Source;
  readonly command: Verify;
  readonly reporter: Reporter;
  readonly progress: Progress;
  /** Examines the archive store and its objects; undefined without `--deep`. */
  readonly archive: { readonly examine: ObjectExaminer; readonly examineStore: StoreExaminer } | undefined;
  /** The seal to compare with; undefined without `--against`. */
  readonly against: OpenedSeal | undefined;
  readonly record: ((audited: Audited) => Promise<void>) | undefined;
};

/** Runs the audit, writes the report and returns the exit code. */
export async function verify({
  source,
  command,
  reporter,
  progress,
  archive,
  against,
  record,
}: Verifying): Promise<number> {
  const since = performance.now();
  const baseline = command.baseline === undefined ? undefined : await openBaseline(command.baseline);
  const attempt = source.attemptId;
  const rows = attempt === undefined ? undefined : await source.timeline(attempt);
  await reporter.open({
    source: source.description,
    notes: source.notes,
    asked: askedIn(command),
    timeline: rows === undefined ? undefined : timelineOf(rows, source.traits),
  });

  const counted: Counting = { info: 0, warning: 0, error: 0 };
  let baselined = 0;
  let undecidable = 0;
  const tell = async (finding: Finding): Promise<void> => {
    const fingerprint = fingerprintOf(finding);
    if (baseline?.isNew === true) baseline.add(fingerprint);
    if (baseline?.isNew === true || baseline?.excuses(fingerprint) === true) {
      baselined += 1;
      return;
    }
    counted[finding.severity] += 1;
    if (finding.rule === UNDECIDABLE) undecidable += 1;
    await reporter.finding(finding);
  };

  const sessions = rows === undefined ? undefined : new Set(rows.map((row) => row.session_id ?? null));
  const audit = runAudit(source, {
    rules: command.rules,
    deadline: command.maxDurationMs === undefined ? null : isOver(since, command.maxDurationMs),
    maxFindings: command.maxFindings,
    concerns: (finding) => attempt === undefined || isOf(finding, attempt, sessions),
    onCheck: (check, done, of) => progress(`${done + 1}/${of} ${check.name}`),
    ...(archive !== undefined && { examine: archive.examine, examineStore: archive.examineStore }),
    ...(against !== undefined && { against }),
  });
  const audited = await drain(audit, tell);
  const logged =
    command.logs === undefined
      ? undefined
      : await compareWith(
          source,
          command.logs,
          (finding) => attempt === undefined || isOf(finding, attempt, sessions),
          tell,
        );
  const summary =
    logged === undefined
      ? audited
      : {
          ...audited,
          ran: [...audited.ran, logged].toSorted(),
          skipped: audited.skipped.filter((rule) => rule !== logged),
        };
  const complete = summary.incomplete.length === 0;
  if (baseline !== undefined && complete) await settle(baseline, command, tell);
  const counts = command.report || record !== undefined ? await source.count() : undefined;
  // An incomplete or truncated audit is not recorded, because its counts do not describe the whole scope.
  if (record !== undefined && complete && !summary.truncated) {
    const found = { errors: counted.error, warnings: counted.warning - undecidable, undecidable };
    // A scope of earlier releases: the table accepts no other.
    const scope = command.wanted.kind === 'since-seal' ? 'since' : command.wanted.kind;
    await record({ scope, sessions: counts?.sessions ?? 0, ...found });
  }
  // Infos that are not told were not held against the baseline either.
  const leftOut = summary.truncated || (command.failOn === 'info' && summary.moreInfos > 0);
  const exitCode = complete && leftOut ? EXIT.findings : exitCodeOf(counted, { failOn: command.failOn, complete });
  const notApplicable = [...source.notApplicable]
    .map(([rule, why]) => ({ rule, why }))
    .filter(({ rule }) => command.rules.has(rule) && summary.skipped.includes(rule));
  const tookMs = performance.now() - since;
  await reporter.close({
    summary,
    counted,
    baselined,
    notApplicable,
    counts: command.report ? counts : undefined,
    tookMs,
    exitCode,
  });
  return exitCode;
}

async function compareWith(
  source: Source,
  path: string,
  concerns: (finding: Finding) => boolean,
  tell: (finding: Finding) => Promise<void>,
): Promise<'SV108'> {
  const file = await open(path).catch((error: Error) => {
    throw new UsageError(`--logs: ${error.message}`);
  });
  for await (const finding of compareLogs(source, file.readLines())) if (concerns(finding)) await tell(finding);
  return 'SV108';
}

const isOver = (since: number, maxMs: number) => (): boolean => performance.now() - since > maxMs;

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

/**
 * Reports or removes stale baseline entries. Only a full audit can detect them, because a smaller one does not see all
 * findings.
 */
async function settle(
  baseline: Baseline,
  { wanted, pruneBaseline }: Verify,
  tell: (finding: Finding) => Promise<void>,
): Promise<void> {
  if (baseline.isNew) return await baseline.save();
  if (wanted.kind !== 'all') return;
  if (pruneBaseline) return await baseline.save();
  for (const fingerprint of baseline.stale()) {
    await tell({
      rule: 'SV902',
      severity: RULES.SV902.severity,
      subject: { kind: 'object', id: fingerprint },
      taskId: null,
      attemptId: null,
      sessionId: null,
      message: 'the baseline excuses this finding, but it no longer occurs',
      expected: null,
      actual: null,
      repair: null,
    });
  }
}

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
