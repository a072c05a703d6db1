import type { AuditSummary, Counts, Finding } from '@phaselock/audit';
import type { Counted } from './exit-code.ts';
import type { ShownTurn } from './timeline.ts';

/** What is known before anything was looked at. */
export type Opening = {
  readonly source: string;
  readonly notes: readonly string[];
  readonly asked: string;
  readonly timeline: readonly ShownTurn[] | undefined;
};

export type Closing = {
  readonly summary: AuditSummary;
  readonly counted: Counted;
  readonly baselined: number;
  readonly counts: Counts | undefined;
  readonly tookMs: number;
  readonly exitCode: number;
};

/** One way to tell it. Findings come as they are found; whoever needs all of them first keeps them. */
export type Reporter = {
  open(opening: Opening): Promise<void>;
  finding(finding: Finding): Promise<void>;
  close(closing: Closing): Promise<void>;
};

export type Write = (text: string) => Promise<void>;
