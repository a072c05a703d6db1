import type { Operation } from '../history/operation.ts';
import type { FinalProcess } from '../read-back.ts';
import { type Checker, createFindings, entryOf, ofOperations } from './checker.ts';

const TOLD_ENDINGS: ReadonlySet<string> = new Set(['completed', 'failed', 'killed']);

/** Checks what processes reported: their ending, their usage and the id of their conversation. */
export function checkProcesses(): Checker {
  const findings = createFindings();
  const endings = new Map<string, Operation[]>();
  const usages = new Map<string, Operation[]>();
  const ids = new Map<string, Operation[]>();
  const note = (map: Map<string, Operation[]>, operation: Operation) => {
    if (operation.process !== undefined) entryOf(map, operation.process, () => []).push(operation);
  };
  const take = (operation: Operation) => {
    const { kind, outcome, asked } = operation;
    if (outcome === 'refused') return;
    if (kind === 'finish') note(endings, operation);
    if ((kind === 'usage' || kind === 'finish') && asked.usage !== undefined) note(usages, operation);
    if ((kind === 'agent-session' || kind === 'finish') && asked.agentId !== undefined) note(ids, operation);
  };

  const conclude: Checker['conclude'] = ({ final }) => {
    const compared = { endings: 0, usages: 0, 'conversation ids': 0 };
    const there = new Map<string, FinalProcess>();
    for (const session of final.sessions.values()) for (const one of session.processes) there.set(one.id, one);
    for (const one of there.values()) {
      const ended = endings.get(one.id) ?? [];
      if (ended.length > 0) compared.endings += 1;
      compareEnding(one, ended);
      const used = usages.get(one.id) ?? [];
      if (used.length > 0) compared.usages += 1;
      compareUsage(one, used);
      const told = ids.get(one.id) ?? [];
      if (told.length > 0) compared['conversation ids'] += 1;
      compareIds(one, told);
    }
    for (const map of [endings, usages, ids])
      for (const [id, operations] of map)
        if (
          !there.has(id) &&
          operations.some(({ outcome, session = '' }) => outcome === 'ok' && !final.unreadable.has(session))
        )
          findings.add(
            'process-unknown',
            `a report of process ${id} was acknowledged, but the process does not exist`,
            ...operations,
          );
    return { compared, findings: findings.all() };
  };

  const compareEnding = ({ id, status }: FinalProcess, ended: readonly Operation[]) => {
    const done = ended.filter(({ outcome }) => outcome === 'ok');
    const [first] = done;
    if (first !== undefined && status !== first.asked.ending)
      findings.add('ending-lost', `process ${id} ended as ${first.asked.ending}, but is stored as ${status}`, first);
    for (const other of done)
      if (other.asked.ending !== first?.asked.ending)
        findings.add('ended-twice', `two different endings of process ${id} were acknowledged`, ...done);
    if (TOLD_ENDINGS.has(status) && !ended.some(({ asked }) => asked.ending === status))
      findings.add('ending-invented', `process ${id} is ${status}, which no client reported`, ...ended);
  };

  const compareUsage = ({ id, usage }: FinalProcess, used: readonly Operation[]) => {
    for (const [at, value] of usage.entries()) {
      const sent = used.map(({ asked }) => asked.usage?.[at] ?? 0);
      const least = Math.max(
        0,
        ...used.filter(({ outcome }) => outcome === 'ok').map(({ asked }) => asked.usage?.[at] ?? 0),
      );
      if (value < least)
        findings.add('usage-lost', `process ${id} has usage ${value}, but ${least} was acknowledged`, ...used);
      if (value !== 0 && !sent.includes(value))
        findings.add('usage-invented', `process ${id} has usage ${value}, which no client reported`, ...used);
    }
  };

  const compareIds = ({ id, agentId }: FinalProcess, told: readonly Operation[]) => {
    // The finish of a process whose session was replaced is accepted, but the conversation id in it is ignored.
    const kept = told.filter(({ outcome, told: answer }) => outcome === 'ok' && answer?.outcome !== 'replaced');
    const last = kept.toSorted((one, other) => other.at - one.at)[0];
    if (last !== undefined && agentId === null)
      findings.add('id-lost', `process ${id} reported an agent session id, but has none`, last);
    if (agentId === null) return;
    const by = told.filter(({ asked }) => asked.agentId === agentId);
    if (by.length === 0)
      findings.add('id-invented', `process ${id} has the id ${agentId}, which it never reported`, ...told);
    // A later acknowledged id supersedes an earlier one. An id without a response may have been stored last.
    const superseded =
      last !== undefined && by.length > 0 && by.every(({ outcome, until }) => outcome === 'ok' && until < last.at);
    if (superseded) findings.add('id-lost', `process ${id} has an id that a later one superseded`, last, ...by);
  };
  return { name: 'processes', take: ofOperations(take), conclude };
}
