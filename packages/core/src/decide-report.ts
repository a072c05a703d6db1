import type { ErrorCode } from './errors.ts';

/**
 * Where a process stands, judged by the database under the lock of its session.
 * `at-work`: it runs, and its session is live. `ended`: it has said how it ended, and nothing began after it. `lost`: its lease lapsed, and nothing
 * began after it. `superseded`: a later process has begun in its session. `replaced`: its session has left the slot.
 */
export const STANDINGS = ['at-work', 'ended', 'lost', 'superseded', 'replaced'] as const;
export type Standing = (typeof STANDINGS)[number];

/**
 * What a process tells: by a call of its own, or with its ending. `conversation` is the agent's id of the conversation, or that the agent no
 * longer knows the one it was passed.
 */
export const REPORTS = [
  'conversation',
  'logs',
  'usage',
  'ending',
  'conversation-with-ending',
  'usage-with-ending',
] as const;
export type Report = (typeof REPORTS)[number];

/** `ignored`: the rest of the call is taken, this part of it is not. */
export type ReportVerdict = 'taken' | 'ignored' | Extract<ErrorCode, 'stale_process' | 'stale_generation'>;

/**
 * What each may still tell. A process that is not at work any more may always say how it ended and what it used: that is true whatever came
 * after it. It may not add to a conversation that others go on with. The ending of a replaced process frees its successor, so nothing
 * that comes with it may be a reason to refuse it.
 */
const VERDICTS: Readonly<Record<Standing, Readonly<Record<Report, ReportVerdict>>>> = {
  'at-work': {
    conversation: 'taken',
    logs: 'taken',
    usage: 'taken',
    ending: 'taken',
    'conversation-with-ending': 'taken',
    'usage-with-ending': 'taken',
  },
  ended: {
    conversation: 'stale_process',
    logs: 'taken',
    usage: 'taken',
    ending: 'taken',
    'conversation-with-ending': 'stale_process',
    'usage-with-ending': 'taken',
  },
  lost: {
    conversation: 'stale_process',
    logs: 'taken',
    usage: 'taken',
    ending: 'taken',
    'conversation-with-ending': 'stale_process',
    'usage-with-ending': 'taken',
  },
  superseded: {
    conversation: 'stale_process',
    logs: 'stale_process',
    usage: 'stale_process',
    ending: 'taken',
    'conversation-with-ending': 'stale_process',
    'usage-with-ending': 'taken',
  },
  replaced: {
    conversation: 'stale_generation',
    logs: 'stale_generation',
    usage: 'taken',
    ending: 'taken',
    'conversation-with-ending': 'ignored',
    'usage-with-ending': 'taken',
  },
};

export const judgeReport = (standing: Standing, report: Report): ReportVerdict => VERDICTS[standing][report];

/** The standings in which a report has this verdict: what a write is told, so that it judges under its own lock by this table. */
export const standingsThat = (report: Report, verdict: ReportVerdict): readonly Standing[] =>
  STANDINGS.filter((standing) => VERDICTS[standing][report] === verdict);
