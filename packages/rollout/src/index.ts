// Campaigns
export { offText, stageText } from './campaign/announcement-texts.ts';
export type {
  CampaignCommand,
  CampaignDecision,
  CampaignPlan,
  CampaignStage,
  Judged,
  Outcome,
  Refusal,
} from './campaign/campaign.ts';
export { type Conduct, type Conducted, conduct, type PresentVerdict } from './campaign/conduct.ts';
export { decideCampaign } from './campaign/decide-campaign.ts';
export { HeldByAnother, type HeldRollout, holdRollout, UnknownFlag } from './campaign/hold-rollout.ts';
export { CAMPAIGN_RACEPOINTS, type CampaignRacepoint, type Racepoint } from './campaign/racepoints.ts';
