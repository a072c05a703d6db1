import type { AuditSummary, Counts, Finding, RuleId, Severity, WhatWasRead } from '@phaselock/audit';
import type { Counted } from './exit-code.ts';
import type { ShownTurn } from './timeline.ts';

/** Data that is known before the first check runs. */
export type Opening = {
  /** Version of this command. */
  readonly release: string;
  readonly source: string;
  readonly notes: readonly string[];
  readonly asked: string;
  readonly timeline: readonly ShownTurn[] | undefined;
};

export type Closing = {
  readonly summary: AuditSummary;
  /** Undefined if it could not be counted; the audit is incomplete then. */
  readonly read: WhatWasRead | undefined;
  readonly counted: Counted;
  /** The lowest severity that fails the audit. */
  readonly failOn: Severity;
  readonly baselined: number;
  /** What was done with the baseline. */
  readonly notes: readonly string[];
  /** Requested rules that do not apply to this source, or that need an option such as `--deep`. */
  readonly notApplicable: readonly { readonly rule: RuleId; readonly why: string }[];
  readonly counts: Counts | undefined;
  readonly tookMs: number;
  readonly exitCode: number;
};

/** Formats one report; buffering formats keep findings until the end. */
export type Reporter = {
  open(opening: Opening): Promise<void>;
  finding(finding: Finding): Promise<void>;
  close(closing: Closing): Promise<void>;
};

export type Write = (text: string) => Promise<void>;
