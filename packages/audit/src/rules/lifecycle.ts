import type { RuleText } from './rule-text.ts';

/** How sessions are born, replaced and end. */
export const lifecycleRules = {
  SV201: {
    name: 'two-at-once',
    family: 'lifecycle',
    severity: 'error',
    rule: 'A slot has one live guarded session, and one process that holds a lease.',
    cause:
      'The unique index is missing (SV303), or rows were written by hand. In other systems: two clients started at once.',
    risk: 'Two agents write at once.',
    cure: 'Stop one of the agents, then delete its session (`DELETE /v1/sessions/{id}`).',
  },
  SV202: {
    name: 'slot-names-another',
    family: 'lifecycle',
    severity: 'error',
    rule: 'The live session a slot names is there, is live, and is of that slot; and a live guarded session is the one its slot names.',
    cause: 'A session deleted by hand, without its slot.',
    risk: 'Starts in this slot fail, or answer a session that is gone.',
    cure: 'Set the slot’s live session to the live one, or to null. The repair is printed.',
  },
  SV203: {
    name: 'chain-broken',
    family: 'lifecycle',
    severity: 'error',
    rule: 'Replacements form a chain: who replaced whom is told by both sides, once, and never in a circle.',
    cause: 'Rows written by hand, or a partial restore.',
    risk: 'The history of a slot cannot be followed.',
    cure: 'Read the events of the task, which tell the true order, and correct `predecessor_id` and `replaced_by`.',
  },
  SV204: {
    name: 'not-deleted-exactly-once',
    family: 'lifecycle',
    severity: 'error',
    rule: 'A session that left its slot has exactly one event that says so, and one that is live has none.',
    cause: 'A session deleted or brought back by hand.',
    risk: 'Nobody can prove who ended it, or when.',
    cure: 'Restore the row to what the events say.',
  },
  SV205: {
    name: 'generation-gap',
    family: 'lifecycle',
    severity: 'error',
    rule: 'The generations of a slot count its births: 1, 2, 3, …, and the last is the slot’s.',
    cause: 'A session removed without a tombstone, or a slot’s counter changed by hand.',
    risk: 'The fencing token may be given out twice: a replaced agent could write.',
    cure: 'Never lower the counter. Raise it to the highest generation there is; find out what removed the session.',
  },
  SV206: {
    name: 'started-after-deletion',
    family: 'lifecycle',
    severity: 'error',
    rule: 'No process begins in a session that was deleted.',
    cause: 'A path that starts agents past the fence.',
    risk: 'A replaced agent works on, beside its successor.',
    cure: 'Stop the agent. Every start must go through `startTurn`, which refuses it.',
  },
  SV207: {
    name: 'lease-beyond-reason',
    family: 'lifecycle',
    severity: 'warning',
    rule: 'A lease ends within a day.',
    cause: 'A clock that was wrong, or a lease written by hand.',
    risk: 'A successor waits for it, and the slot is stuck.',
    cure: 'End the process (`finish` with `killed`).',
  },
  SV208: {
    name: 'turns-overlap',
    family: 'lifecycle',
    severity: 'error',
    rule: 'A process begins after the one before it in its session, and in its slot, has ended or its lease has lapsed.',
    cause:
      'A lease that was renewed for a process that had lost it, a clock that was set back, or rows written by hand. Releases that did not fence each process left it behind where an agent came home after its successor had begun.',
    risk: 'Two agents were at work at once, on the same files and in one conversation.',
    cure: 'Look at what both wrote in that time. Find out why the earlier one was not stopped: its runner must end its agent when a heartbeat says so.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
