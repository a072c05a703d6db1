export type { Provider as FlagProvider } from '@openfeature/server-sdk';
export { murmur3 } from './bucketing/murmur3.ts';
export { BUCKETS, bucketOf, isInShare, type Share } from './bucketing/share.ts';
export { offText, stageText } from './campaign/announcement-texts.ts';
export type {
  CampaignCommand,
  CampaignDecision,
  CampaignPlan,
  CampaignRefusal,
  CampaignStage,
  Judged,
} from './campaign/campaign.ts';
export { commandText, DEFAULT_FLAG } from './campaign/command-text.ts';
export { type Conduct, type Conducted, conduct, type Look, look, type PresentVerdict } from './campaign/conduct.ts';
export { decideCampaign } from './campaign/decide-campaign.ts';
export { HeldByAnother, type HeldRollout, holdRollout, UnknownFlag } from './campaign/hold-rollout.ts';
export { campaignPlan, type JudgeBake, judgeBake, verdictOf } from './campaign/judge-bake.ts';
export { KilledInstead } from './campaign/killed-instead.ts';
export { CAMPAIGN_RACEPOINTS, type CampaignRacepoint, type Racepoint } from './campaign/racepoints.ts';
export { recordBake } from './campaign/record-bake.ts';
export { type SimulateBake, type SimulatedBake, simulateBake } from './campaign/simulate-bake.ts';
export { type BakeMemory, type CollectInput, collectEvidence, emptyMemory } from './evidence/collect-evidence.ts';
export type {
  AuditEvidence,
  CountEvidence,
  Counts,
  Distrust,
  Doubled,
  Evidence,
  FlagReading,
  GateEvidence,
  InstanceCounts,
  InstanceEvidence,
  InstanceUse,
  Refusal,
  UseEvidence,
} from './evidence/evidence.ts';
export { PROBES } from './evidence/queries.ts';
export type { Enrolment } from './flags/enrolment.ts';
export { type OpenFlags, type OpenFlagsOptions, openFlags } from './flags/open-flags.ts';
export { postgresFlagProvider } from './flags/postgres-provider.ts';
export { FLAG_CHANNEL, type FlagWatch, watchFlags } from './flags/watch-flags.ts';
export { checkPreconditions, type PreconditionsInput } from './gates/check-preconditions.ts';
export { type JudgeInput, judgeStage } from './gates/judge-stage.ts';
export type { GatePlan, StagePlan, Traffic } from './gates/plan.ts';
export { type PlanInput, planStage, trafficOf } from './gates/plan-stage.ts';
export {
  type ControlVerdict,
  type FlagTruth,
  type GateVerdict,
  HOLD_REASONS,
  type Hold,
  type HoldReason,
  type Outcome,
  type StageVerdict,
} from './gates/verdict.ts';
export { openPrometheus, type PrometheusOptions } from './prometheus/open-prometheus.ts';
export type { Answer, Prometheus, RefusedWhy, Sample, Series } from './prometheus/prometheus.ts';
export { type RecordingLine, RecordingMistake, readRecording } from './prometheus/recording.ts';
export { replayPrometheus } from './prometheus/replay-prometheus.ts';
export { selectorText } from './prometheus/selector-text.ts';
export { ladderFor, readStages, StagesMistakes } from './stages/read-stages.ts';
export { recordingRules } from './stages/recording-rules.ts';
export type {
  Cohorts,
  Decision,
  FailuresGate,
  Gate,
  Ladder,
  LatencyGate,
  Preconditions,
  PrometheusBounds,
  Selector,
  Shown,
  Size,
  Stage,
  Stages,
  UtilisationGate,
} from './stages/stages.ts';
