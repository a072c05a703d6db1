import { wrapped } from '@phaselock/core';
import type { FlagChangeRow, RolloutStepRow, RolloutVerdictRow } from '@phaselock/store';
import type { History } from '../report.ts';
import { type Entry, timelineOf } from '../timeline.ts';
import { storedGateLines } from './stored-gates.ts';
import type { Paint } from './table.ts';
import { time } from './times.ts';

export const historyLines = (history: History, paint: Paint, gates: boolean): string[] =>
  timelineOf(history).flatMap((entry) => entryLines(entry, paint, gates));

function entryLines(entry: Entry, paint: Paint, gates: boolean): string[] {
  switch (entry.kind) {
    case 'change':
      return changeLines(entry.row);
    case 'verdict':
      return verdictLines(entry.row, paint, gates);
    case 'step':
      return stepLines(entry.row, paint);
  }
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
