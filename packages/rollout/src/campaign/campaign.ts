import type { CampaignRecord, HeldFor, RolloutStep } from '@phaselock/store';

export type { CampaignRecord, HeldFor };

/** The part of a stage that a campaign uses. */
export type CampaignStage = { readonly stage: number; readonly percent: number; readonly announcement: string };

/** The stages of a flag in order, and the announcement for when it is switched off again. */
export type CampaignPlan = { readonly stages: readonly CampaignStage[]; readonly offText: string };

/** Which process holds the lease of the rollout. */
export type Holding =
  | { readonly kind: 'ours' }
  | { readonly kind: 'lapsed' }
  | { readonly kind: 'other'; readonly holder: string; readonly until: Date };

/**
 * What a decision is based on. A campaign is one rollout of a flag, from its start to its end or abort; a bake is the
 * time in which a stage is observed before it is judged.
 */
export type CampaignState = { readonly record: CampaignRecord; readonly plan: CampaignPlan; readonly holding: Holding };

/** The part of a verdict that a campaign uses. `why` is that of the gates. */
export type Judged = {
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly why: 'proven' | 'failed_early' | 'failed' | 'not_proven' | 'baking' | 'held';
  readonly reason: string;
  /** For a held verdict: counts before this time are not reliable. Null if waiting is sufficient. */
  readonly bakeFrom: number | null;
};

export type CampaignCommand =
  | {
      readonly kind: 'start';
      readonly why: string;
      readonly releaseKill: boolean;
      readonly instances: number | null;
      readonly announce?: string;
    }
  | { readonly kind: 'pause'; readonly why: string }
  | { readonly kind: 'resume'; readonly why: string; readonly releaseKill: boolean; readonly announce?: string }
  | {
      readonly kind: 'promote';
      readonly announce?: string;
      /** A person overrides the verdict. */
      readonly force?: { readonly why: string };
    }
  | { readonly kind: 'abort'; readonly why: string; readonly announce?: string }
  /** One iteration of the controller. */
  | { readonly kind: 'tick' };

export type Outcome = Judged['outcome'];

export type CampaignRefusal =
  | 'lease-lapsed'
  | 'held-by-another'
  | 'under-way'
  | 'already-on'
  | 'no-campaign'
  | 'paused'
  | 'baking-already'
  | 'needs-resume'
  | 'killed'
  | 'flag-changed'
  | 'why-missing'
  | 'no-verdict';

export type CampaignDecision =
  | { readonly kind: 'step'; readonly outcome: Outcome; readonly step: RolloutStep; readonly told: string }
  /** Nothing changes, but a verdict is stored. `ended`: the controller has nothing left to do. */
  | { readonly kind: 'stay'; readonly outcome: Outcome; readonly told: string; readonly ended?: true }
  | { readonly kind: 'refuse'; readonly refusal: CampaignRefusal; readonly told: string };
