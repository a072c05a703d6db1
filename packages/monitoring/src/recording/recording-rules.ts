import { JOBS } from '../promql/jobs.ts';
import { series } from '../promql/series.ts';
import { DAY, HOUR, MINUTE } from '../rules/durations.ts';
import { type RuleContext, type RuleOptions, ruleContext } from '../rules/rule-context.ts';
import { type RuleGroup, ruleFile } from '../rules/rule-file.ts';
import { INDICATORS, type IndicatorName } from './indicators.ts';
import { RECORDED, recordedWithin } from './recorded.ts';

/** Windows of every indicator. Longer windows are recorded for error budgets and for the purge, which takes hours. */
const SHORT = [5 * MINUTE, 30 * MINUTE];
const OF_BUDGETS = [HOUR, 2 * HOUR, 6 * HOUR, DAY, 3 * DAY];
const SLOS = ['availability', 'replacement', 'lookup', 'replacement_time'] as const satisfies readonly IndicatorName[];
export type Slo = (typeof SLOS)[number];
const OF_PURGE = 6 * HOUR;
/** The window that shows whether failures continue. It holds two scrapes even at one scrape per minute. */
const LATELY = 2 * MINUTE;
const ASKED_FOR_LATELY = ['connections'] as const satisfies readonly IndicatorName[];

export const recordingRules = (options: RuleOptions): string => ruleFile(recordingGroups(ruleContext(options)));

function recordingGroups(context: RuleContext): RuleGroup[] {
  return [
    {
      name: 'phaselock-sli',
      rules: [
        ...counts(context),
        {
          record: recordedWithin.bad(LATELY),
          expr: increase(context, selected(RECORDED.bad, ASKED_FOR_LATELY), LATELY),
        },
        ...SHORT.flatMap((window) => within(context, window)),
      ],
    },
    {
      name: 'phaselock-sli-budgets',
      rules: OF_BUDGETS.flatMap((window) => within(context, window, window === OF_PURGE ? [...SLOS, 'purge'] : SLOS)),
    },
  ];
}

const counts = ({ stages }: RuleContext) =>
  INDICATORS.flatMap(({ name, events, bad }) => [
    { record: RECORDED.events, expr: events(stages), labels: { sli: name } },
    { record: RECORDED.bad, expr: bad(stages), labels: { sli: name } },
  ]);

/**
 * The share is all bad events divided by all events of the window. A mean of shares would give a quiet minute as much
 * weight as a busy one.
 */
function within(context: RuleContext, window: number, names?: readonly IndicatorName[]) {
  const { events, bad, share } = recordedWithin;
  return [
    { record: events(window), expr: increase(context, selected(RECORDED.events, names), window) },
    { record: bad(window), expr: increase(context, selected(RECORDED.bad, names), window) },
    { record: share(window), expr: `${bad(window)} / ${events(window)}` },
  ];
}

const selected = (recorded: string, names: readonly IndicatorName[] | undefined): string =>
  names === undefined ? recorded : `${recorded}{sli=~"${names.join('|')}"}`;

/**
 * What all processes together counted within the window. `increase` ignores the first sample of a series. For an
 * instance that is new and started within the window, the expression takes the whole counter instead.
 */
function increase({ range, seconds }: RuleContext, counter: string, window: number): string {
  const ago = range(window);
  const began = `${series('process_start_time_seconds', { job: Object.values(JOBS) })} > time() - ${seconds(window)}`;
  const born = `${counter} unless ${counter} offset ${ago} unless resets(${counter}[${ago}]) > 0`;
  return `sum by (job, sli) ((${born}) and on (job, instance) (${began}) or increase(${counter}[${ago}]))`;
}
