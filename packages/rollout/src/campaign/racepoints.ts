/** Named points between two steps of a command, where a test may stop or kill it. */
export const CAMPAIGN_RACEPOINTS = ['lease-taken', 'campaign-read', 'judged', 'stepped', 'lease-released'] as const;
export type CampaignRacepoint = (typeof CAMPAIGN_RACEPOINTS)[number];
export type Racepoint = (name: CampaignRacepoint) => void | Promise<void>;
