import type { AuditSummary, Counts, Finding, RuleId } from '@phaselock/audit';
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
  /** Rules that were asked for and that this source cannot break, or not without more being read. */
  readonly notApplicable: readonly { readonly rule: RuleId; readonly why: string }[];
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
