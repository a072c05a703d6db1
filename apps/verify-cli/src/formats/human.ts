import { type Finding, RULES, type RuleId } from '@phaselock/audit';
import { visibleText, wrapped } from '@phaselock/core';
import { many } from '../count-words.ts';
import type { Closing, Opening, Reporter, Write } from '../report.ts';
import type { ShownTurn } from '../timeline.ts';
import { partsRead } from '../what-was-read.ts';

type Paint = (text: string, colour: 'red' | 'yellow' | 'green' | 'dim' | 'bold') => string;

const CODES = { red: 31, yellow: 33, green: 32, dim: 2, bold: 1 } as const;

const painter = (colours: boolean): Paint =>
  colours ? (text, colour) => `\u001b[${CODES[colour]}m${text}\u001b[0m` : (text) => text;

const MARKS = { error: '✖', warning: '⚠', info: '·' } as const;
const COLOURS = { error: 'red', warning: 'yellow', info: 'dim' } as const;
const AT_MOST_OF_A_RULE = 20;

/** Report for a terminal: the timeline, the findings grouped by rule, and a one-line summary. */
export function humanReporter(write: Write, { colours, quiet }: { colours: boolean; quiet: boolean }): Reporter {
  const paint = painter(colours);
  const found = new Map<RuleId, Finding[]>();
  const more = new Map<RuleId, number>();
  return {
    async open(opening) {
      if (!quiet) await write(headOf(opening, paint));
    },
    async finding(one) {
      // Info findings appear only as a count in the summary; the other formats list them.
      if (one.severity === 'info') return;
      const known = found.get(one.rule) ?? [];
      found.set(one.rule, known);
      if (known.length < AT_MOST_OF_A_RULE) known.push(one);
      else more.set(one.rule, (more.get(one.rule) ?? 0) + 1);
    },
    async close(closing) {
      for (const [rule, findings] of [...found].toSorted(([a], [b]) => a.localeCompare(b)))
        await write(groupOf(rule, findings, more.get(rule) ?? 0, paint));
      await write(tailOf(closing, { paint, quiet }));
    },
  };
}

function headOf({ release, source, notes, asked, timeline }: Opening, paint: Paint): string {
  const parts = [asked, ...(timeline === undefined ? [] : countsOf(timeline))];
  const lines = [
    ...wrapped(`verify-sessions ${release} · ${source}`, ''),
    ...notes.flatMap((note) => wrapped(note, '')),
    ...wrapped(parts.join(' · '), ''),
  ];
  const table = timeline === undefined ? '' : `${timelineTable(timeline, paint)}\n`;
  return `${lines.map((line) => paint(line, 'dim')).join('\n')}\n\n${table}`;
}

const countsOf = (turns: readonly ShownTurn[]): string[] => [
  many(turns.length, 'process'),
  many(turns.filter(({ change }) => change === 'changed').length, 'model change'),
  many(new Set(turns.map(({ session }) => session)).size, 'session'),
];

const COLUMNS = [4, 9, 7, 18, 9, 10, 8, 9, 6] as const;
const HEADS = ['#', 'time', 'slot', 'model', 'action', 'passed', 'model', 'expected', ''] as const;

function timelineTable(turns: readonly ShownTurn[], paint: Paint): string {
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cut(visibleText(cell), (COLUMNS[index] ?? 10) - 1).padEnd(COLUMNS[index] ?? 10))
      .join('');
  const lines = turns.map((turn) => {
    const { number, at, slot, model, action, passed, change, expected, verdict, right } = turn;
    const cells = [number.padStart(3), timeOf(at), slot, model, action, brief(passed), change, brief(expected)];
    return `${row(cells)}${paint(verdict, right ? 'green' : 'red')}`;
  });
  return `${paint(row(HEADS).trimEnd(), 'bold')}\n${lines.join('\n')}\n`;
}

/** Shortens a long id to its last 7 characters, so that it fits its column. */
const brief = (id: string | null): string =>
  id === null ? '-' : /^[\da-f-]{30,}$/.test(id) ? `…${id.slice(-7)}` : id.replace(', nothing passed', '');
const timeOf = (at: string): string => /\d\d:\d\d:\d\d/.exec(at)?.[0] ?? at;
const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);

function groupOf(rule: RuleId, findings: readonly Finding[], more: number, paint: Paint): string {
  const { name, severity } = RULES[rule];
  const head = `${MARKS[severity]} ${rule} ${name}`;
  const lines = findings.flatMap((one) => [
    ...wrapped(`${one.subject.kind} ${one.subject.id}`, '  '),
    ...wrapped(one.message, '    '),
    ...repairOf(one),
  ]);
  if (more > 0) lines.push(`  and ${more} more`);
  return `${paint(head, COLOURS[severity])}\n${lines.join('\n')}\n  ${paint(`verify-sessions explain ${rule}`, 'dim')}\n\n`;
}

/** The lines of a statement are not wrapped, because a text in it may have spaces. */
const repairOf = ({ repair, repairNote }: Finding): string[] => {
  if (repair !== null)
    return ['    suggested repair:', ...repair.split('\n').map((line) => `      ${visibleText(line)}`)];
  return repairNote === null ? [] : wrapped(repairNote, '    ');
};

type Manner = { readonly paint: Paint; readonly quiet: boolean };

function tailOf(closing: Closing, { paint, quiet }: Manner): string {
  const { summary, read, counted, baselined, notes, notApplicable, counts, tookMs, exitCode } = closing;
  const lines = quiet ? [] : reasonsOf(notApplicable);
  if (counts !== undefined) {
    const { sessions, sessionsWithTasks, orphaned, tasks, validTasks, interactions } = counts;
    lines.push(
      `sessions ${sessions}, with tasks ${sessionsWithTasks}, orphaned ${orphaned} · tasks ${tasks}, valid ${validTasks} · interactions ${interactions}`,
    );
  }
  if (summary.truncated)
    lines.push(
      `The audit stopped at the --max-findings limit; more errors or warnings exist. Cut off, so that they may have more: ${summary.cutOff.join(', ')}.`,
    );
  lines.push(...notes);
  if (read !== undefined) lines.push(`read: ${partsRead(read).join(' · ')}`);
  const infos = counted.info + summary.moreInfos;
  const parts = [
    `${many(summary.ran.length, 'rule')} run, ${summary.skipped.length} skipped`,
    ...(summary.cutOff.length > 0 ? [`${summary.cutOff.length} cut off`] : []),
    many(counted.error, 'error'),
    many(counted.warning, 'warning'),
    ...(infos > 0 ? [many(infos, 'info')] : []),
    ...(baselined > 0 ? [`${baselined} baselined`] : []),
    `${(tookMs / 1_000).toFixed(1)} s`,
  ];
  const verdict =
    exitCode === 0
      ? paint('OK', 'green')
      : paint(`${exitCode === 1 ? 'INCOMPLETE' : 'FAILED'} (exit ${exitCode})`, 'red');
  return `${[...lines.flatMap((line) => wrapped(line, '')), `${parts.join(' · ')} · ${verdict}`].join('\n')}\n`;
}

/** One line for each reason, because another system lacks the data of most rules. */
const reasonsOf = (notApplicable: Closing['notApplicable']): string[] =>
  [...Map.groupBy(notApplicable, ({ why }) => why)].map(
    ([why, some]) =>
      `${some.map(({ rule }) => rule).join(', ')} ${some.length === 1 ? 'does' : 'do'} not apply: ${why}`,
  );
