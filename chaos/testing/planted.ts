import type { Checker, Conclusion, Verdict } from '../checkers/checker.ts';
import type { Entry, Kind, Operation, Received } from '../history/operation.ts';
import { type Final, type FinalProcess, type FinalSession, NOTHING_BEFORE } from '../read-back.ts';

/**
 * Builders for histories with planted violations. Times are milliseconds; an operation takes 10 ms unless stated
 * otherwise.
 */

const SLOT = 'task/run/standard';
export const SONNET = 'claude-code/claude-sonnet-4-5';
export const OPUS = 'claude-code/claude-opus-4-5';
export const LEASE_MS = 1_000;

type Said = Partial<Omit<Operation, 'is' | 'n' | 'kind' | 'at'>>;

export function createScript() {
  let n = 0;
  return (kind: Kind, at: number, said: Said = {}): Operation => {
    n += 1;
    const base = { client: 0, api: 0, until: at + 10, asked: {}, outcome: 'ok' as const, slot: SLOT };
    return { is: 'operation', n, kind, at, ...base, ...said };
  };
}

export const change = (id: string, session: string, type: string, said: Partial<Received> = {}): Received => ({
  is: 'change',
  follower: 'f',
  project: 'p',
  at: 0,
  connection: 0,
  id,
  session,
  type,
  generation: 1,
  ...said,
});

export const aProcess = (id: string, said: Partial<FinalProcess> = {}): FinalProcess => ({
  id,
  attempt: 'attempt',
  seq: 1,
  status: 'completed',
  agentId: null,
  passed: null,
  usage: [0, 0, 0, 0],
  ...said,
});

export const aSession = (id: string, said: Partial<FinalSession> = {}): FinalSession => ({
  id,
  slot: SLOT,
  generation: 1,
  standalone: false,
  model: SONNET,
  deleted: false,
  replacedBy: null,
  predecessor: null,
  processes: [],
  events: [],
  logs: [],
  comments: [],
  purgedAt: undefined,
  ...said,
});

export const finalOf = (sessions: readonly FinalSession[], said: Partial<Final> = {}): Final => ({
  project: new Map(),
  task: new Map(),
  attempt: new Map(),
  made: new Map(),
  sessions: new Map(sessions.map((session) => [session.id, session])),
  unreadable: new Set(),
  before: NOTHING_BEFORE,
  ...said,
});

export function verdictOf(checker: Checker, entries: readonly Entry[], end: Partial<Conclusion> = {}): Verdict {
  const inOrder = entries.toSorted((one, other) => timeOf(one) - timeOf(other));
  for (const entry of inOrder) checker.take(entry);
  return checker.conclude({ final: finalOf([]), changes: new Map(), ...end });
}

const timeOf = (entry: Entry): number => (entry.is === 'operation' ? entry.until : entry.at);

/** The rules that reported a finding, without duplicates. */
export const rulesOf = ({ findings }: Verdict): readonly string[] => [...new Set(findings.map(({ rule }) => rule))];
