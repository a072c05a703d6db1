import type { StageVerdict } from '@phaselock/rollout';
import type {
  AnnouncementRow,
  CampaignRecord,
  FlagChangeRow,
  RolloutStepRow,
  RolloutVerdictRow,
} from '@phaselock/store';
import { EXIT } from '../exit-code.ts';
import type { Report } from '../report.ts';

export const SCHEMA_VERSION = 1;

/** The JSON document of a report. Every field is always present, and null if the command does not set it. */
export function documentOf(report: Report) {
  const { command, flag, outcome, told, error, campaign, verdict, plan, history, announcements, notes = [] } = report;
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: 'rollout',
    command,
    flag,
    outcome,
    exitCode: EXIT[outcome],
    told,
    notes,
    error: error ?? null,
    campaign: campaign === undefined ? null : campaignOf(campaign),
    verdict: verdict === undefined ? null : verdictDocument(verdict),
    plan: plan === undefined ? null : { measuredOverMs: plan.overMs, stages: plan.stages.map(finiteStage) },
    history:
      history === undefined
        ? null
        : {
            steps: history.steps.map(stepOf),
            verdicts: history.verdicts.map(storedVerdictOf),
            changes: history.changes.map(changeOf),
            leftOut: history.leftOut,
          },
    announcements: announcements?.map(announcementOf) ?? null,
  };
}

const iso = (time: Date | null): string | null => time?.toISOString() ?? null;

const campaignOf = (record: CampaignRecord) => ({
  number: record.campaign,
  stage: record.stage,
  percent: record.percent,
  state: record.state,
  heldFor: record.heldFor,
  bakingSince: iso(record.bakingSince),
  expectedInstances: record.expectedInstances,
  flagVersion: record.flagVersion,
  now: record.now.toISOString(),
  lease: record.lease === null ? null : { holder: record.lease.holder, until: record.lease.until.toISOString() },
  present: {
    enabled: record.present.enabled,
    percent: record.present.percent,
    version: record.present.version,
    updatedAt: record.present.updatedAt.toISOString(),
    updatedBy: record.present.updatedBy,
    kill: record.present.kill === null ? null : { ...record.present.kill, at: record.present.kill.at.toISOString() },
  },
});

const verdictDocument = ({ stage, percent, from, to, outcome, why, final, reason, holds, gates }: StageVerdict) => ({
  stage,
  percent,
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
  outcome,
  why,
  final,
  reason,
  holds,
  gates,
});

/** Infinity in a plan ("never") becomes null, because JSON has no infinity. */
function finiteStage({ gates, takesMs, ...stage }: NonNullable<Report['plan']>['stages'][number]) {
  return {
    ...stage,
    takesMs: finite(takesMs),
    gates: gates.map((gate) => ({ ...gate, takesMs: finite(gate.takesMs) })),
  };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

const stepOf = ({ at, ...step }: RolloutStepRow) => ({ ...step, at: at.toISOString() });

const storedVerdictOf = ({ at, from, to, ...verdict }: RolloutVerdictRow) => ({
  ...verdict,
  at: at.toISOString(),
  from: from.toISOString(),
  to: to.toISOString(),
});

const changeOf = ({ at, ...change }: FlagChangeRow) => ({ ...change, at: at.toISOString() });

const announcementOf = ({ publishedAt, withdrawnAt, ...announcement }: AnnouncementRow) => ({
  ...announcement,
  publishedAt: publishedAt.toISOString(),
  withdrawnAt: iso(withdrawnAt),
});
