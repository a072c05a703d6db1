import type { AuditSummary } from '@phaselock/audit';
import type { Closing, Opening } from '../src/report.ts';

export const anOpening: Opening = {
  release: '1.2.3',
  source: 'a database',
  notes: [],
  asked: 'everything',
  timeline: undefined,
};

type Changes = Partial<Omit<Closing, 'summary'>> & { readonly summary?: Partial<AuditSummary> };

/** The end of a report without findings, with the given changes. */
export const aClosing = ({ summary, ...changes }: Changes = {}): Closing => ({
  summary: {
    ran: [],
    partly: [],
    skipped: [],
    incomplete: [],
    truncated: false,
    cutOff: [],
    moreInfos: 0,
    infosLeftOut: [],
    ...summary,
  },
  read: { sessions: 2, processes: 3, events: 8, archives: 0 },
  counted: { info: 0, warning: 0, error: 0 },
  failOn: 'error',
  baselined: 0,
  notes: [],
  notApplicable: [],
  counts: undefined,
  tookMs: 100,
  exitCode: 0,
  ...changes,
});
