import { visibleText, wrapped } from '@phaselock/core';
import type { GateVerdict, StageVerdict } from '@phaselock/rollout';
import type { AnnouncementRow, CampaignRecord } from '@phaselock/store';
import { EXIT } from '../exit-code.ts';
import type { Report } from '../report.ts';
import { historyLines } from './human-history.ts';
import { planLines } from './human-plan.ts';
import { type Paint, table } from './table.ts';
import { lasting, time } from './times.ts';

const COLOURS = { pass: 'green', fail: 'red', inconclusive: 'yellow', error: 'red' } as const;
const MARKS = { pass: '✔', fail: '✖', inconclusive: '…', error: '✖' } as const;

/** Report for a terminal: the result first, then its details. */
export function humanLines(report: Report, paint: Paint, { gates }: { readonly gates: boolean }): string[] {
  const { outcome, told, campaign, verdict, plan, history, announcements, notes = [] } = report;
  const exit = EXIT[outcome];
  return [
    ...wrapped(`${MARKS[outcome]} ${told}${exit === 0 ? '' : ` (exit ${exit})`}`, '').map((line) =>
      paint(line, COLOURS[outcome]),
    ),
    ...notes.flatMap((note) => wrapped(note, '  ')).map((line) => paint(line, 'dim')),
    ...(campaign === undefined ? [] : ['', ...campaignLines(campaign)]),
    ...(verdict === undefined ? [] : ['', ...verdictLines(verdict, paint)]),
    ...(plan === undefined ? [] : ['', ...planLines(plan)]),
    ...(history === undefined ? [] : ['', ...historyLines(history, paint, gates)]),
    ...(announcements === undefined || announcements.length === 0 ? [] : ['', ...announcementLines(announcements)]),
  ];
}

function campaignLines({
  flag,
  campaign,
  stage,
  percent,
  state,
  heldFor,
  present,
  lease,
  ...record
}: CampaignRecord): string[] {
  const { kill } = present;
  const flagNow =
    kill === null
      ? `${present.enabled ? `on for ${present.percent} %` : 'off'}`
      : `killed ${time(kill.at)} by ${kill.actor}: ${kill.why}`;
  return table([
    ['flag', `${flag}, version ${present.version}: ${flagNow}`],
    ['campaign', campaign === 0 ? 'none yet' : `${campaign}: ${state}${heldFor === null ? '' : `, for ${heldFor}`}`],
    ...(campaign === 0 ? [] : [['stage', `${stage} (${percent} %)`]]),
    ...(record.bakingSince === null
      ? []
      : [
          [
            'baking',
            `since ${time(record.bakingSince)}, for ${lasting(record.now.getTime() - record.bakingSince.getTime())}`,
          ],
        ]),
    ...(record.expectedInstances === null ? [] : [['instances', `${record.expectedInstances} have to report`]]),
    ...(lease === null ? [] : [['held by', `${lease.holder}, until ${time(lease.until)}`]]),
  ]);
}

function verdictLines(
  {
    stage,
    percent,
    from,
    to,
    why,
    final,
    holds,
    gates,
  }: Pick<StageVerdict, 'stage' | 'percent' | 'from' | 'to' | 'why' | 'final' | 'holds' | 'gates'>,
  paint: Paint,
): string[] {
  const head = `stage ${stage} (${percent} %), from ${time(new Date(from))} to ${time(new Date(to))} (${lasting(to - from)}): ${WHY[why]}${final ? '' : ', not decided'}`;
  return [
    ...wrapped(head, '').map((line) => paint(line, 'bold')),
    ...holds
      .flatMap(({ reason, detail }) => wrapped(`hold, ${reason}: ${detail}`, '  '))
      .map((line) => paint(line, 'yellow')),
    '',
    ...table([HEADS, ...gates.map(gateRow)], { right: [1, 2, 3, 4] }),
    '',
    ...gates.flatMap((gate) => gateLines(gate, paint)),
  ];
}

const WHY = {
  proven: 'every gate is proven',
  failed_early: 'failed before the end of the bake',
  failed: 'failed at the end of the bake',
  not_proven: 'over, but not proven',
  baking: 'the bake goes on',
  held: 'held',
} as const satisfies Record<StageVerdict['why'], string>;

const HEADS = ['gate', 'n', 'failures', 'bound', 'limit', ''];

const gateRow = ({ gate, n, planned, failures, upper, limit, outcome }: GateVerdict): string[] => [
  gate,
  `${count(n)}/${count(planned)}`,
  count(failures),
  share(upper),
  share(limit),
  outcome,
];

const count = (value: number): string => (Number.isFinite(value) ? String(Math.round(value)) : '-');
const share = (value: number | null): string => (value === null ? '-' : `${(value * 100).toFixed(2)} %`);

function gateLines({ gate, outcome, reason, queries, instances, use }: GateVerdict, paint: Paint): string[] {
  const each = [
    ...instances.map(({ instance, n, failures }) => `${instance} ${failures} of ${n}`),
    ...use.map(({ instance, mean }) => `${instance} ${share(mean)}`),
  ];
  return [
    ...wrapped(`${MARKS[outcome]} ${gate}: ${reason}`, '').map((line) => paint(line, COLOURS[outcome])),
    ...(each.length === 0 ? [] : wrapped(`by instance: ${each.join(', ')}`, '    ')),
    ...queries.flatMap((query) => wrapped(query, '    ')).map((line) => paint(line, 'dim')),
  ];
}

const announcementLines = (rows: readonly AnnouncementRow[]): string[] =>
  rows.flatMap(({ id, active, withdrawnAt, publishedAt, text }) => {
    const standing = active ? 'active' : withdrawnAt === null ? 'no longer in effect' : 'withdrawn';
    return [`announcement ${id}, ${time(publishedAt)}, ${standing}:`, ...wrapped(visibleText(text), '    ')];
  });
