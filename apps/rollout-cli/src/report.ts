import type { StagePlan, StageVerdict } from '@phaselock/rollout';
import type {
  AnnouncementRow,
  CampaignRecord,
  FlagChangeRow,
  RolloutStepRow,
  RolloutVerdictRow,
} from '@phaselock/store';
import type { Outcome } from './exit-code.ts';

/** The result of a command, before it is formatted. */
export type Report = {
  readonly command: string;
  readonly flag: string;
  readonly outcome: Outcome;
  /** The result in one line. */
  readonly told: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly campaign?: CampaignRecord;
  readonly verdict?: StageVerdict;
  readonly plan?: { readonly overMs: number; readonly stages: readonly StagePlan[] };
  readonly history?: History;
  readonly announcements?: readonly AnnouncementRow[];
  /** Additional remarks. */
  readonly notes?: readonly string[];
};

export type History = {
  readonly steps: readonly RolloutStepRow[];
  readonly verdicts: readonly RolloutVerdictRow[];
  readonly changes: readonly FlagChangeRow[];
  /** Number of older entries, of all three kinds, that are not included. */
  readonly leftOut: number;
};

/** Prints a report, as text or as JSON. */
export type Reporter = (report: Report) => void;
