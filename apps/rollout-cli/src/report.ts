import type { StagePlan, StageVerdict } from '@phaselock/rollout';
import type {
  AnnouncementRow,
  CampaignRecord,
  FlagChangeRow,
  RolloutStepRow,
  RolloutVerdictRow,
} from '@phaselock/store';
import type { Outcome } from './exit-code.ts';

/** What a command has to say, before it is a table or a document. */
export type Report = {
  readonly command: string;
  readonly flag: string;
  readonly outcome: Outcome;
  /** One line: what happened. */
  readonly told: string;
  readonly error?: { readonly code: string; readonly message: string };
  readonly campaign?: CampaignRecord;
  readonly verdict?: StageVerdict;
  readonly plan?: { readonly overMs: number; readonly stages: readonly StagePlan[] };
  readonly history?: History;
  readonly announcements?: readonly AnnouncementRow[];
  /** What is worth knowing besides. */
  readonly notes?: readonly string[];
};

export type History = {
  readonly steps: readonly RolloutStepRow[];
  readonly verdicts: readonly RolloutVerdictRow[];
  readonly changes: readonly FlagChangeRow[];
  /** How many older ones there are, of all three kinds. */
  readonly leftOut: number;
};

/** How it comes out: a table for a person, or a document. */
export type Reporter = (report: Report) => void;
