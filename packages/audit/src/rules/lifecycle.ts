import type { RuleText } from './rule-text.ts';

/** Rules on the creation, replacement and end of sessions. */
export const lifecycleRules = {
  SV201: {
    name: 'two-at-once',
    family: 'lifecycle',
    severity: 'error',
    rule: 'A slot has at most one live guarded session, and a session at most one running process.',
    cause:
      'The unique index is missing (SV303), or rows were written by hand. In other systems: two clients started at the same time.',
    risk: 'Two agents write at the same time.',
    cure: 'Stop one of the agents, then delete its session (`DELETE /v1/sessions/{id}`).',
  },
  SV202: {
    name: 'slot-names-another',
    family: 'lifecycle',
    severity: 'error',
    rule: 'The session that a slot names exists, is live and belongs to that slot, and each live guarded session is named by its slot.',
    cause: 'A session was deleted by hand, but its slot was not updated.',
    risk: 'Starts in this slot fail, or return a session that no longer exists.',
    cure: 'Set the live session of the slot to the live one, or to null. The report shows the repair statement.',
  },
  SV203: {
    name: 'chain-broken',
    family: 'lifecycle',
    severity: 'error',
    rule: 'Replacements form a chain without cycles: a session and its successor name each other.',
    cause: 'Rows written by hand, or a partial restore.',
    risk: 'The history of a slot cannot be followed.',
    cure: 'Read the events of the task, which record the true order, and correct `predecessor_id` and `replaced_by`.',
  },
  SV204: {
    name: 'not-deleted-exactly-once',
    family: 'lifecycle',
    severity: 'error',
    rule: 'A session that left its slot has exactly one event for that, and a live session has none.',
    cause: 'A session that was deleted or restored by hand.',
    risk: 'It cannot be proven who ended the session, or when.',
    cure: 'Restore the row to the state that the events record.',
  },
  SV205: {
    name: 'generation-gap',
    family: 'lifecycle',
    severity: 'error',
    rule: 'The sessions of a slot have the generations 1, 2, 3, … without gaps, and the last one is the generation of the slot.',
    cause: 'A session that was removed without an archive record, or a generation counter that was changed by hand.',
    risk: 'A fencing token may be issued twice, so a replaced agent could write.',
    cure: 'Never lower the counter. Raise it to the highest existing generation, and find out what removed the session.',
  },
  SV206: {
    name: 'started-after-deletion',
    family: 'lifecycle',
    severity: 'error',
    rule: 'No process starts in a deleted session.',
    cause: 'A code path that starts agents without the generation check.',
    risk: 'A replaced agent continues to work beside its successor.',
    cure: 'Stop the agent. Every start must use `startTurn`, which refuses such a start.',
  },
  SV207: {
    name: 'lease-beyond-reason',
    family: 'lifecycle',
    severity: 'warning',
    rule: 'A lease ends within one day.',
    cause: 'A wrong clock, or a lease written by hand.',
    risk: 'A successor waits for the end of the lease, so the slot is blocked.',
    cure: 'End the process (`finish` with `killed`).',
  },
  SV208: {
    name: 'turns-overlap',
    family: 'lifecycle',
    severity: 'error',
    rule: 'A process starts only after the previous process of its session, and of its slot, has ended or its lease has expired.',
    cause:
      'A lease that was renewed for a process that had lost it, a clock that was set back, or rows written by hand. Releases that did not fence each process also recorded overlaps when a runner reported back after its successor had started.',
    risk: 'Two agents worked at the same time, on the same files and in one conversation.',
    cure: 'Check what both agents wrote in that time. Find out why the earlier one was not stopped: its runner must end its agent when the response to a heartbeat requires it.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
