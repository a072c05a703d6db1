import type { CampaignRecord, HeldFor, RolloutStep } from '@phaselock/store';

export type { CampaignRecord, HeldFor };

/** What a campaign needs to know of a stage. */
export type CampaignStage = { readonly stage: number; readonly percent: number; readonly announcement: string };

/** The stages of a flag in order, and what users are told when it is off again. */
export type CampaignPlan = { readonly stages: readonly CampaignStage[]; readonly offText: string };

/** Whether this writer may write. */
export type Holding =
  | { readonly kind: 'ours' }
  | { readonly kind: 'lapsed' }
  | { readonly kind: 'other'; readonly holder: string; readonly until: Date };

export type CampaignState = { readonly record: CampaignRecord; readonly plan: CampaignPlan; readonly holding: Holding };

/** What of a verdict decides. `why` is as the gates say it. */
export type Judged = {
  readonly outcome: 'pass' | 'fail' | 'inconclusive';
  readonly why: 'proven' | 'failed_early' | 'failed' | 'not_proven' | 'baking' | 'held';
  readonly reason: string;
  /** Of a verdict that is held: what was counted before does not count. Null where waiting mends it. */
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
      /** A person decides otherwise than the verdict. */
      readonly force?: { readonly why: string };
    }
  | { readonly kind: 'abort'; readonly why: string; readonly announce?: string }
  /** The controller looks. */
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
  /** Nothing changes; a verdict there is is kept all the same. `ended`: the controller has nothing to do any more. */
  | { readonly kind: 'stay'; readonly outcome: Outcome; readonly told: string; readonly ended?: true }
  | { readonly kind: 'refuse'; readonly refusal: CampaignRefusal; readonly told: string };
