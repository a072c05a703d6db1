import { wrapped } from '@phaselock/core';
import type { FlagChangeRow, RolloutStepRow, RolloutVerdictRow } from '@phaselock/store';
import type { History } from '../report.ts';
import { storedGateLines } from './stored-gates.ts';
import type { Paint } from './table.ts';
import { time } from './times.ts';

type Entry = { readonly at: Date; readonly order: number; readonly lines: readonly string[] };

/** Oldest first, so that it can be read as it happened. */
export function historyLines({ steps, verdicts, changes }: History, paint: Paint, gates: boolean): string[] {
  const entries: Entry[] = [
    ...changes.map((change) => ({ at: change.at, order: 0, lines: changeLines(change) })),
    ...verdicts.map((verdict) => ({ at: verdict.at, order: 1, lines: verdictLines(verdict, paint, gates) })),
    ...steps.map((step) => ({ at: step.at, order: 2, lines: stepLines(step, paint) })),
  ];
  const inOrder = entries.toSorted((a, b) => a.at.getTime() - b.at.getTime() || a.order - b.order);
  return inOrder.flatMap(({ lines }) => lines);
}

function stepLines(step: RolloutStepRow, paint: Paint): string[] {
  const { id, at, actor, action, from, to, why, verdictId, forced } = step;
  const by = verdictId === null ? '' : ` on verdict ${verdictId}${forced ? ', which it overrides' : ''}`;
  const moved = from.percent === to.percent ? `${to.percent} %` : `${from.percent} → ${to.percent} %`;
  const head = `${time(at)}  step ${id}: ${action}, stage ${to.stage}, ${moved}, ${from.state} → ${to.state}, by ${actor}${by}`;
  return [...wrapped(head, '').map((line) => paint(line, 'bold')), ...wrapped(why, '    ')];
}

function verdictLines(verdict: RolloutVerdictRow, paint: Paint, gates: boolean): string[] {
  const { id, at, stage, kind, outcome, decision, reason, from, to } = verdict;
  const colour = outcome === 'pass' ? 'green' : outcome === 'fail' ? 'red' : 'yellow';
  const head = `${time(at)}  verdict ${id}: stage ${stage}, ${outcome} (${decision}), ${kind}, of ${time(from)} to ${time(to)}`;
  return [
    ...wrapped(head, '').map((line) => paint(line, colour)),
    ...wrapped(reason, '    '),
    ...(gates ? storedGateLines(verdict.gates) : []).map((line) => `    ${line}`),
  ];
}

function changeLines({ at, actor, version, why, from, to }: FlagChangeRow): string[] {
  const head = `${time(at)}  flag${version === null ? '' : ` version ${version}`}, by ${actor}: ${JSON.stringify(from)} → ${JSON.stringify(to)}`;
  return [...wrapped(head, ''), ...(why === null || why === '' ? [] : wrapped(why, '    '))];
}
