import type { ErrorCode } from './errors.ts';

/**
 * The standing of a process: its state relative to its session, determined by the database under the session lock.
 * - `at-work`: it runs, and its session is live.
 * - `ended`: it has reported its ending, and no later process has begun.
 * - `lost`: its lease has expired, and no later process has begun.
 * - `superseded`: a later process has begun in its session.
 * - `replaced`: its session has left the slot.
 */
export const STANDINGS = ['at-work', 'ended', 'lost', 'superseded', 'replaced'] as const;
export type Standing = (typeof STANDINGS)[number];

/**
 * What a process can report, in a call of its own or together with its ending. `conversation` is the agent's
 * conversation id, or the message that the agent no longer knows the id it was passed.
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

/**
 * A report is accepted (`taken`), left out while the rest of its call is accepted (`ignored`), or refused with an error
 * code.
 */
export type ReportVerdict = 'taken' | 'ignored' | Extract<ErrorCode, 'stale_process' | 'stale_generation'>;

/**
 * The verdict for each standing and report. A process may always report its ending together with its usage, because
 * both stay true after later events. It must not add to a conversation that another process continues. The ending of a
 * replaced process unblocks its successor, so no other part of that call may cause a refusal.
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

/**
 * The standings in which a report gets this verdict. A database write receives this list, so that it can apply the
 * table under its own lock.
 */
export const standingsThat = (report: Report, verdict: ReportVerdict): readonly Standing[] =>
  STANDINGS.filter((standing) => VERDICTS[standing][report] === verdict);
