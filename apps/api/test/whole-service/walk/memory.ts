import type { Body, Seen } from './seen.ts';

/** The project of most clients (`ours`), or that of the third client (`theirs`). */
export type Side = 'ours' | 'theirs';

type KnownTask = { readonly id: string; readonly side: Side; gone: boolean };
type KnownAttempt = { readonly id: string; readonly taskId: string; gone: boolean };

export type KnownSession = {
  readonly id: string;
  readonly taskId: string;
  readonly phase: string;
  readonly mode: string;
  /** The key of the slot; a session that is not guarded has its own slot. */
  readonly slot: string;
  readonly generation: number;
  readonly model: Body;
  /** When the call that created it was sent, and when its response arrived. */
  readonly sent: number;
  readonly born: number;
  /** Since when a response has shown that it was replaced or deleted. */
  goneSince: number | undefined;
  etag: string | undefined;
  /** Its versions as returned, each with the time of the response. */
  readonly versions: { readonly version: number; readonly answered: number }[];
  readonly stops: { readonly sent: number; readonly answered: number }[];
};

export type KnownProcess = {
  readonly id: string;
  readonly sessionId: string;
  readonly generation: number;
  readonly seq: number;
  readonly slot: string;
  readonly sent: number;
  /** When a response reported its start. */
  readonly begun: number;
  readonly step: number;
  readonly passed: string | undefined;
  readonly preRetryId: string | undefined;
  readonly kept: boolean;
  /** Whether the request named a model instead of leaving it to the session. */
  readonly named: boolean;
  /** By the database's clock, as last returned. */
  leaseUntil: number;
  leaseTold: number;
  /** When the first call that may have ended it was sent, and when a call that ended it was answered. */
  endSent: number | undefined;
  overSince: number | undefined;
};

type Report = {
  readonly agentId: string;
  readonly sessionId: string;
  readonly processId: string;
  readonly sent: number;
  readonly answered: number;
  /** Part of a finish in a replaced session, which may be accepted without the id. */
  readonly doubtful: boolean;
};

type Append = {
  readonly sessionId: string;
  readonly processId: string;
  readonly lines: readonly string[];
  readonly sent: number;
  readonly step: number;
  readonly status: number;
  readonly key: string | undefined;
};

export type Memory = {
  readonly tasks: Map<string, KnownTask>;
  readonly attempts: Map<string, KnownAttempt>;
  readonly sessions: Map<string, KnownSession>;
  readonly processes: Map<string, KnownProcess>;
  /** Agent session ids that were reported and accepted. */
  readonly reports: Report[];
  readonly appends: Append[];
  /** Sessions of a slot, in the order in which they became known. */
  readonly bySlot: Map<string, KnownSession[]>;
  readonly processesBySlot: Map<string, KnownProcess[]>;
  /** The session with the highest known generation in each slot. */
  readonly live: Map<string, KnownSession>;
  /** Number of calls in flight that may end each process. */
  readonly ending: Map<string, number>;
  /** Successful calls with an Idempotency-Key, by client and key. */
  readonly keyed: Map<string, Seen[]>;
  /** The highest usage returned for each session, with its time. */
  readonly usage: Map<string, { readonly answered: number; readonly usage: unknown }>;
  readonly projects: Record<Side, string>;
};

export const openMemory = (projects: Record<Side, string>): Memory => ({
  tasks: new Map(),
  attempts: new Map(),
  sessions: new Map(),
  processes: new Map(),
  reports: [],
  appends: [],
  bySlot: new Map(),
  processesBySlot: new Map(),
  live: new Map(),
  ending: new Map(),
  keyed: new Map(),
  usage: new Map(),
  projects,
});

export const slotKey = (taskId: string, phase: string, mode: string): string => `${taskId}/${phase}/${mode}`;

/** Whether one process began after another in their slot. */
export const isLater = (one: KnownProcess, other: KnownProcess): boolean =>
  one.generation > other.generation || (one.generation === other.generation && one.seq > other.seq);

/** A process of the same slot that was known at that time to have begun later. */
export const successorOf = (memory: Memory, process: KnownProcess, time: number): KnownProcess | undefined =>
  memory.processesBySlot.get(process.slot)?.find((other) => isLater(other, process) && other.begun < time);

export function rememberSession(memory: Memory, session: KnownSession): void {
  if (memory.sessions.has(session.id)) return;
  memory.sessions.set(session.id, session);
  memory.bySlot.set(session.slot, [...(memory.bySlot.get(session.slot) ?? []), session]);
  const live = memory.live.get(session.slot);
  if (live === undefined || live.generation < session.generation) memory.live.set(session.slot, session);
}

export function rememberProcess(memory: Memory, process: KnownProcess): void {
  if (memory.processes.has(process.id)) return;
  memory.processes.set(process.id, process);
  const others = memory.processesBySlot.get(process.slot) ?? [];
  memory.processesBySlot.set(process.slot, [...others, process]);
}

export function rememberGone(memory: Memory, sessionId: string | undefined, time: number): void {
  const session = memory.sessions.get(sessionId ?? '');
  if (session !== undefined) session.goneSince = Math.min(session.goneSince ?? time, time);
}

const ownerOf = ({ client, operation, asking }: Seen): string => `${client.name} ${operation} ${asking.idempotencyKey}`;

/** Other successful calls with the same key by the same client. */
export const underSameKey = (memory: Memory, seen: Seen): readonly Seen[] =>
  seen.asking.idempotencyKey === undefined
    ? []
    : (memory.keyed.get(ownerOf(seen)) ?? []).filter((other) => other !== seen);

export function rememberKeyed(memory: Memory, seen: Seen): void {
  if (seen.asking.idempotencyKey === undefined || seen.status >= 300) return;
  const owner = ownerOf(seen);
  memory.keyed.set(owner, [...(memory.keyed.get(owner) ?? []), seen]);
}
