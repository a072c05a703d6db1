/**
 * The heads of all chains, one line each: the leaves of the tree of a seal. A session has the number of its events and
 * the hash of its last one; a slot has its generation and a digest of the first events of its sessions, in the order
 * of their generations. The lines are sorted by bytes, so all sessions come before all slots.
 */
export type SessionHead = {
  readonly kind: 'session';
  readonly taskId: string;
  readonly sessionId: string;
  readonly length: number;
  readonly hash: string;
};
export type SlotHead = {
  readonly kind: 'slot';
  readonly taskId: string;
  readonly phase: string;
  readonly mode: string;
  readonly generation: number;
  readonly digest: string;
};
export type Head = SessionHead | SlotHead;

export function formatHead(head: Head): string {
  switch (head.kind) {
    case 'session':
      return `session ${head.taskId}/${head.sessionId} ${head.length} ${head.hash}`;
    case 'slot':
      return `slot ${head.taskId}/${head.phase}/${head.mode} ${head.generation} ${head.digest}`;
  }
}

const SESSION =
  /^session ([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}) ([1-9]\d{0,9}) ([\da-f]{64})$/;
const SLOT = /^slot ([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\/([^/ ]+)\/([^/ ]+) ([1-9]\d{0,9}) ([\da-f]{64})$/;

/** Reads a line; undefined if it has another form. */
export function parseHead(line: string): Head | undefined {
  const [isSession, taskId, sessionId, length, hash] = SESSION.exec(line) ?? [];
  if (isSession !== undefined && taskId !== undefined && sessionId !== undefined && hash !== undefined)
    return { kind: 'session', taskId, sessionId, length: Number(length), hash };
  const [isSlot, task, phase, mode, generation, digest] = SLOT.exec(line) ?? [];
  if (isSlot !== undefined && task !== undefined && phase !== undefined && mode !== undefined && digest !== undefined)
    return { kind: 'slot', taskId: task, phase, mode, generation: Number(generation), digest };
  return undefined;
}
