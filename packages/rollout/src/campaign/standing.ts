import type { CampaignPlan, CampaignRecord, CampaignStage } from './campaign.ts';

export const isUnderWay = ({ state }: CampaignRecord): boolean =>
  state === 'baking' || state === 'holding' || state === 'paused';

/** Whether only the campaign changed the flag since its last step. */
export const isAsSet = ({ present, flagVersion }: CampaignRecord): boolean => present.version === flagVersion;

/** Whether the flag is on for at least some subjects. */
export const isOn = ({ present }: CampaignRecord): boolean =>
  present.enabled && present.kill === null && present.percent > 0;

/** Whether the flag has the value that the campaign set, even if it was changed in between. */
export const looksAsSet = (record: CampaignRecord): boolean =>
  record.present.enabled && record.present.percent === record.percent;

/** Describes the present state of the flag. */
export const present = ({ present: { enabled, percent, version } }: CampaignRecord): string =>
  `${enabled ? `${percent} %` : `off (${percent} %)`}, version ${version}`;

export const stageAfter = ({ stages }: CampaignPlan, { stage }: CampaignRecord): CampaignStage | undefined =>
  stages.find((next) => next.stage > stage);

export const stageOf = ({ stages }: CampaignPlan, { stage }: CampaignRecord): CampaignStage | undefined =>
  stages.find((one) => one.stage === stage);
