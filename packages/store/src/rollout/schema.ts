import type { Generated, GeneratedAlways } from 'kysely';

export type RolloutState = 'idle' | 'baking' | 'holding' | 'paused' | 'done' | 'aborted';

export type RolloutAction =
  | 'start'
  | 'pause'
  | 'resume'
  | 'promote'
  | 'hold'
  | 'rebake'
  | 'abort'
  | 'kill-seen'
  | 'done';

/**
 * Why a campaign holds at its percentage: Prometheus lacks reliable evidence, the verdict was no pass, the flag was
 * changed outside the campaign, or it was killed.
 */
export type HeldFor = 'evidence' | 'verdict' | 'flag' | 'kill';

export type AnnouncementKind = 'stage' | 'off' | 'note';

/** The tables that hold the state of rollouts. */
export type RolloutSchema = {
  rollouts: {
    flag: string;
    stage: number;
    percent: string;
    state: RolloutState;
    held_for: HeldFor | null;
    baking_since: Date | null;
    updated_at: Generated<Date>;
    campaign: Generated<number>;
    expected_instances: number | null;
    flag_version: number | null;
    off_text: string | null;
    lease_holder: string | null;
    lease_until: Date | null;
    lease_ms: number | null;
    fence: Generated<number>;
  };
  rollout_verdicts: {
    id: GeneratedAlways<number>;
    flag: string;
    campaign: number;
    stage: number;
    at: Generated<Date>;
    kind: 'tick' | 'final';
    outcome: 'pass' | 'fail' | 'inconclusive';
    decision: string;
    reason: string;
    window_from: Date;
    window_to: Date;
    preconditions: unknown;
    gates: unknown;
    fence: number;
  };
  rollout_steps: {
    id: GeneratedAlways<number>;
    flag: string;
    campaign: number;
    at: Generated<Date>;
    actor: string;
    action: RolloutAction;
    from_stage: number;
    from_percent: string;
    from_state: RolloutState;
    to_stage: number;
    to_percent: string;
    to_state: RolloutState;
    why: string;
    verdict_id: number | null;
    forced: Generated<boolean>;
    fence: number;
  };
  announcements: {
    id: GeneratedAlways<number>;
    flag: string;
    campaign: number;
    stage: number;
    percent: string;
    kind: AnnouncementKind;
    text: string;
    published_at: Generated<Date>;
    withdrawn_at: Date | null;
  };
  /** A view; `active` is true while the announcement applies to the current state of the flag. */
  announcement_states: {
    id: number;
    flag: string;
    campaign: number;
    stage: number;
    percent: string;
    kind: AnnouncementKind;
    text: string;
    published_at: Date;
    withdrawn_at: Date | null;
    active: boolean;
  };
};
