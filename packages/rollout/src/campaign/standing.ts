import type { CampaignPlan, CampaignRecord, CampaignStage } from './campaign.ts';

export const isUnderWay = ({ state }: CampaignRecord): boolean =>
  state === 'baking' || state === 'holding' || state === 'paused';

/** Whether nobody but the campaign changed the flag since its last step. */
export const isAsSet = ({ present, flagVersion }: CampaignRecord): boolean => present.version === flagVersion;

/** Whether the rule applies to anybody. */
export const isOn = ({ present }: CampaignRecord): boolean =>
  present.enabled && present.kill === null && present.percent > 0;

/** Whether the flag is what the campaign set, whatever was done to it in between. */
export const looksAsSet = (record: CampaignRecord): boolean =>
  record.present.enabled && record.present.percent === record.percent;

/** The flag in words. */
export const present = ({ present: { enabled, percent, version } }: CampaignRecord): string =>
  `${enabled ? `${percent} %` : `off (${percent} %)`}, version ${version}`;

export const stageAfter = ({ stages }: CampaignPlan, { stage }: CampaignRecord): CampaignStage | undefined =>
  stages.find((next) => next.stage > stage);

export const stageOf = ({ stages }: CampaignPlan, { stage }: CampaignRecord): CampaignStage | undefined =>
  stages.find((one) => one.stage === stage);
